/*
 * Keeps the module in memory once it is loaded: libcurl may still have a thread that resolves a
 * name for a cancelled request when Lua closes its state and unloads its modules.
 */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* dladdr */
#endif

#include "binding.h"

#include <dlfcn.h>

void binding_pin(void) {
#if defined(RTLD_NODELETE)
  static const char inside_this_module;
  Dl_info info;
  if (dladdr(&inside_this_module, &info) != 0 && info.dli_fname != NULL) {
    (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  }
#endif
}
