#define _GNU_SOURCE
#include "ctlstarget.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

typedef struct {
  int listener;
  SSL_CTX *context;
} Server;

static X509 *make_certificate(EVP_PKEY *key, int days) {
  X509 *certificate = X509_new();
  if (!certificate) return NULL;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days);
  X509_NAME *name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, key);
  X509V3_CTX v3;
  X509V3_set_ctx(&v3, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  if (san) {
    X509_add_ext(certificate, san, -1);
    X509_EXTENSION_free(san);
  }
  if (!X509_sign(certificate, key, EVP_sha256())) {
    X509_free(certificate);
    return NULL;
  }
  return certificate;
}

static void answer(Server *server, int fd) {
  struct timeval limit = {.tv_sec = 5};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  SSL *ssl = SSL_new(server->context);
  char request[4096];
  if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0) {
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    if (SSL_write(ssl, reply, sizeof reply - 1) > 0) SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  close(fd);
}

static void *serve(void *raw) {
  Server *server = raw;
  for (;;) {
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) answer(server, fd);
    else usleep(10000);  // out of descriptors: nothing else makes accept fail on a listener of our own
  }
  return NULL;
}

uint16_t ctlstarget_start(int days) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = key ? make_certificate(key, days) : NULL;
  Server *server = calloc(1, sizeof *server);
  if (!certificate || !server) goto fail;
  server->context = SSL_CTX_new(TLS_server_method());
  if (!server->context || SSL_CTX_use_certificate(server->context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey(server->context, key) != 1)
    goto fail;
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  pthread_t thread;
  if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(server->listener, 64) != 0 || getsockname(server->listener, (struct sockaddr *)&address, &length) != 0 ||
      pthread_create(&thread, NULL, serve, server) != 0)
    goto fail;
  pthread_detach(thread);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return ntohs(address.sin_port);
fail:
  if (server && server->context) SSL_CTX_free(server->context);
  free(server);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return 0;
}
