// libcurl's setopt and getinfo are C variadics, which Swift cannot call: one typed function per kind of argument.
#pragma once
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static inline CURLcode ccurl_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_offset(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_string(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(h, o, v); }
typedef size_t (*ccurl_data_function)(char *, size_t, size_t, void *);
static inline CURLcode ccurl_set_data_function(CURL *h, CURLoption o, ccurl_data_function f) {
  return curl_easy_setopt(h, o, f);
}
// `f` is called between the TCP connection and the handshake, with the context that libcurl made for it.
typedef CURLcode (*ccurl_handshake_function)(CURL *, void *, void *);
static inline CURLcode ccurl_set_handshake_function(CURL *h, ccurl_handshake_function f, void *context) {
  CURLcode code = curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, f);
  return code != CURLE_OK ? code : curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, context);
}
static inline CURLcode ccurl_get_long(CURL *h, CURLINFO i, long *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode ccurl_get_offset(CURL *h, CURLINFO i, curl_off_t *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode ccurl_get_pointer(CURL *h, CURLINFO i, void **v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode ccurl_get_certificates(CURL *h, struct curl_certinfo **v) {
  return curl_easy_getinfo(h, CURLINFO_CERTINFO, v);
}
static inline CURLMcode ccurl_multi_long(CURLM *m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
static inline CURLMcode ccurl_multi_pointer(CURLM *m, CURLMoption o, void *v) { return curl_multi_setopt(m, o, v); }
static inline CURLMcode ccurl_multi_socket_function(CURLM *m, curl_socket_callback f) {
  return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, f);
}
static inline CURLMcode ccurl_multi_timer_function(CURLM *m, curl_multi_timer_callback f) {
  return curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, f);
}
static inline CURLcode ccurl_message_result(const CURLMsg *m) { return m->data.result; }

// The one address that a transfer may connect to, in network order; IPv4 fills the first four bytes.
struct ccurl_fence {
  int family;
  int refused;
  unsigned char address[16];
};
static inline curl_socket_t ccurl_open_fenced(void *context, curlsocktype purpose, struct curl_sockaddr *to) {
  struct ccurl_fence *fence = (struct ccurl_fence *)context;
  (void)purpose;
  int same = 0;
  if (to->family == fence->family && to->family == AF_INET)
    same = memcmp(&((struct sockaddr_in *)&to->addr)->sin_addr, fence->address, 4) == 0;
  else if (to->family == fence->family && to->family == AF_INET6)
    same = memcmp(&((struct sockaddr_in6 *)&to->addr)->sin6_addr, fence->address, 16) == 0;
  if (!same) {
    fence->refused = 1;
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
}
static inline CURLcode ccurl_set_fence(CURL *h, struct ccurl_fence *fence) {
  CURLcode code = curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, ccurl_open_fenced);
  return code != CURLE_OK ? code : curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, fence);
}
