#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A TLS server on 127.0.0.1 that answers every request with 200 and "ok", under a self-signed certificate made at
// start that ends in `days` days. One thread; lives as long as the process. Returns the port, or 0 and an errno-free failure.
uint16_t ctlstarget_start(int days);

#ifdef __cplusplus
}
#endif
