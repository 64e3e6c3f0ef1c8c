-- What users may call an endpoint, and the URL that is made of it.

local endpoint = require("agentbay.endpoint")

local NOT_LOOPBACK = "http:// is only for loopback addresses, unless allow_insecure = true"
local BAD_PORT = "the port must be a number from 1 to 65535"
local NO_BLANKS = "blanks and control characters are not allowed"

describe("endpoint.parse", function()
  local accepted = {
    { "wuyingai.cn-shanghai.aliyuncs.com", "https://wuyingai.cn-shanghai.aliyuncs.com" },
    { "localhost", "https://localhost" },
    { "localhost:8443", "https://localhost:8443" },
    { "localhost:08443", "https://localhost:8443" },
    { "example.com:1", "https://example.com:1" },
    { "example.com:65535", "https://example.com:65535" },
    { "Example.COM", "https://example.com" },
    { "under_score.example", "https://under_score.example" },
    { "xn--bcher-kva.example", "https://xn--bcher-kva.example" },
    { "192.168.0.1", "https://192.168.0.1" },
    { "[::1]", "https://[::1]" },
    { "[::1]:8443", "https://[::1]:8443" },
    { "[2001:DB8::A]:443", "https://[2001:db8::a]:443" },
    { "[1:2:3:4:5:6:7:8]", "https://[1:2:3:4:5:6:7:8]" },
    { "[::]", "https://[::]" },
    { "[1::]", "https://[1::]" },
    { "[::ffff:10.0.0.1]", "https://[::ffff:10.0.0.1]" },
    { "[1:2:3:4:5:6:10.0.0.1]", "https://[1:2:3:4:5:6:10.0.0.1]" },
    { "https://example.com", "https://example.com" },
    { "HTTPS://example.com/", "https://example.com" },
    { "https://example.com:8443///", "https://example.com:8443" },
    { "example.com/", "https://example.com" },
    { "http://localhost:8080", "http://localhost:8080" },
    { "http://LOCALHOST/", "http://localhost" },
    { "http://127.0.0.1", "http://127.0.0.1" },
    { "http://127.255.255.254:80", "http://127.255.255.254:80" },
    { "http://[::1]:8080", "http://[::1]:8080" },
    { "http://[0:0:0:0:0:0:0:1]", "http://[0:0:0:0:0:0:0:1]" },
    { "http://[0::0001]", "http://[0::0001]" },
  }
  for _, case in ipairs(accepted) do
    it("makes " .. case[2] .. " of " .. case[1], function()
      local url, problem = endpoint.parse(case[1])
      assert.is_nil(problem)
      assert.are.equal(case[2], url)
    end)
  end

  local refused = {
    { "", "the host is missing" },
    { ":8080", "the host is missing" },
    { "https://", "the host is missing" },
    { "https:///path", "a path is not allowed" },
    { "example.com:", BAD_PORT },
    { "example.com:0", BAD_PORT },
    { "example.com:65536", BAD_PORT },
    { "example.com:http", BAD_PORT },
    { "example.com:-1", BAD_PORT },
    { "example.com:99999999999999999999", BAD_PORT },
    { "[::1]8080", BAD_PORT },
    { "::1", "an IPv6 address must stand in brackets" },
    { "[::1", "an IPv6 address must stand in brackets" },
    { "[]", "'[]' is not an IPv6 address in brackets" },
    { "[1:2]", "'[1:2]' is not an IPv6 address in brackets" },
    { "[1::2::3]", "'[1::2::3]' is not an IPv6 address in brackets" },
    { "[12345::]", "'[12345::]' is not an IPv6 address in brackets" },
    { "[1:2:3:4:5:6:7::8]", "'[1:2:3:4:5:6:7::8]' is not an IPv6 address in brackets" },
    { "[:1:2:3:4:5:6:7]", "'[:1:2:3:4:5:6:7]' is not an IPv6 address in brackets" },
    { "[1:2:3:4:5:6:7:]", "'[1:2:3:4:5:6:7:]' is not an IPv6 address in brackets" },
    { "[1.2.3.4::]", "'[1.2.3.4::]' is not an IPv6 address in brackets" },
    { "[::1.2.3.400]", "'[::1.2.3.400]' is not an IPv6 address in brackets" },
    { "[fe80::1%eth0]", "'[fe80::1%eth0]' is not an IPv6 address in brackets" },
    { "-example.com", "'-example.com' is not a host name" },
    { "example-.com", "'example-.com' is not a host name" },
    { "example..com", "'example..com' is not a host name" },
    { "example.com.", "'example.com.' is not a host name" },
    { "exam,ple.com", "'exam,ple.com' is not a host name" },
    { ("a"):rep(64), "'" .. ("a"):rep(64) .. "' is not a host name" },
    { ("a."):rep(127) .. "com", "'" .. ("a."):rep(127) .. "com' is not a host name" },
    { "b\195\188cher.example", "the host must be written in ASCII (xn--...)" },
    { "256.0.0.1", "'256.0.0.1' is not an IPv4 address" },
    { "127.1", "'127.1' is not an IPv4 address" },
    { "0177.0.0.1", "'0177.0.0.1' is not an IPv4 address" },
    { "127.0.0.01", "'127.0.0.01' is not an IPv4 address" },
    { "2130706433", "'2130706433' is not an IPv4 address" },
    { "0x7f000001", "'0x7f000001' is not an IPv4 address" },
    { "ftp://example.com", "the scheme must be https or http" },
    { "://example.com", "the scheme must be https or http" },
    { "https://example.com/base", "a path is not allowed" },
    { "example.com/base/", "a path is not allowed" },
    { "example.com\\base", "a path is not allowed" },
    { "https:/example.com", "a path is not allowed" },
    { "example.com?x=1", "a query is not allowed" },
    { "example.com/?x=1", "a query is not allowed" },
    { "example.com#x", "a fragment is not allowed" },
    { "user@example.com", "a user name or password is not allowed" },
    { "https://user:secret@example.com", "a user name or password is not allowed" },
    { "http://127.0.0.1@example.com", "a user name or password is not allowed" },
    { " example.com", NO_BLANKS },
    { "example.com ", NO_BLANKS },
    { "exam ple.com", NO_BLANKS },
    { "example.com\r\nX: y", NO_BLANKS },
    { "example.com\0", NO_BLANKS },
    { "example.com\127", NO_BLANKS },
    { "http://example.com", NOT_LOOPBACK },
    { "HTTP://example.com", NOT_LOOPBACK },
    { "http://localhost.example.com", NOT_LOOPBACK },
    { "http://app.localhost", NOT_LOOPBACK },
    { "http://127.0.0.1.example.com", NOT_LOOPBACK },
    { "http://128.0.0.1", NOT_LOOPBACK },
    { "http://0.0.0.0", NOT_LOOPBACK },
    { "http://[::2]", NOT_LOOPBACK },
    { "http://[1::1]", NOT_LOOPBACK },
  }
  for _, case in ipairs(refused) do
    it(("refuses '%s': %s"):format(case[1]:gsub("%c", "."), case[2]), function()
      local url, problem = endpoint.parse(case[1])
      assert.is_nil(url)
      assert.are.equal(case[2], problem)
    end)
  end

  it("lets http:// name any host if the caller insists", function()
    assert.are.equal("http://example.com:80", endpoint.parse("http://example.com:80", true))
  end)
end)
