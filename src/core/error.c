/* The table of errors: stable code and one sentence each. Holds no decisions. */
#include "agentbay.h"

static const struct {
  const char *code;
  const char *text;
} errors[AB_ERROR_COUNT] = {
    [AB_OK] = {"", ""},
    [AB_SERVICE_ERROR] = {"Client.ServiceError", "the service answered with an error"},
    [AB_REFUSED] = {"Client.Refused", "the service refused the request without saying why"},
    [AB_RESOLVE_FAILED] = {"Client.ResolveFailed", "the host's name could not be resolved"},
    [AB_CONNECT_FAILED] = {"Client.ConnectFailed", "no connection to the host"},
    [AB_TLS_FAILED] = {"Client.TlsFailed", "no trusted TLS session with the host"},
    [AB_SEND_FAILED] = {"Client.SendFailed", "the connection broke while sending"},
    [AB_RECEIVE_FAILED] = {"Client.ReceiveFailed",
                           "the connection broke before the whole answer was there"},
    [AB_TIMEOUT] = {"Client.Timeout", "not done in time"},
    [AB_RESPONSE_TOO_LARGE] = {"Client.ResponseTooLarge", "the answer is too large"},
    [AB_MALFORMED_RESPONSE] = {"Client.MalformedResponse", "the answer can't be understood"},
    [AB_HTTP_STATUS] = {"Client.HttpStatus", "an HTTP error without an answer of the service"},
    [AB_SYNC_TIMEOUT] = {"Client.SyncTimeout", "the sync had not ended in time"},
    [AB_SYNC_FAILED] = {"Client.SyncFailed", "a transfer failed"},
    [AB_CANCELLED] = {"Client.Cancelled", "cancelled"},
    [AB_CLOSED] = {"Client.Closed", "the client was closed"},
    [AB_OUT_OF_MEMORY] = {"Client.OutOfMemory", "out of memory"},
    [AB_FILE_FAILED] = {"Client.FileFailed", "a local file can't be read or written"},
    [AB_CORRUPTED] = {"Client.Corrupted", "what arrived is not what was sent"},
};

const char *ab_error_code(enum ab_error error) {
  return (unsigned)error < AB_ERROR_COUNT ? errors[error].code : "Client.Unknown";
}

const char *ab_error_text(enum ab_error error) {
  return (unsigned)error < AB_ERROR_COUNT ? errors[error].text : "unknown error";
}
