#include "authorities.h"

#include <curl/curl.h>

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

/* "1a2b3c4d.0": a certificate under the hash of its subject. */
static bool is_hashed(const char *name) {
  return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
         strspn(name + 9, "0123456789") > 0;
}

static bool has_hashed_certificates(const char *folder) {
  DIR *entries = opendir(folder);
  if (entries == NULL) {
    return false;
  }
  bool found = false;
  const struct dirent *entry;
  while (!found && (entry = readdir(entries)) != NULL) {
    found = is_hashed(entry->d_name);
  }
  closedir(entries);
  return found;
}

const char *ab_authorities_folder(void) {
#if LIBCURL_VERSION_NUM >= 0x074600 /* 7.70: it tells its default */
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  bool looks_up = info->ssl_version != NULL && strstr(info->ssl_version, "OpenSSL") != NULL;
  if (looks_up && info->age >= CURLVERSION_SEVENTH && info->capath != NULL &&
      has_hashed_certificates(info->capath)) {
    return info->capath;
  }
#endif
  return NULL;
}
