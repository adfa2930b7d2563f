/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that must not be loaded; UNFIT_... selects its error. */
#include "exactbn_plugin.h"

static exactbn_status run(const exactbn_case* c, exactbn_answer* a) {
  (void)c;
  return exactbn_say(a, EXACTBN_ERROR, "never called");
}

#if defined(UNFIT_SYMBOL)
#define exactbn_get_plugin exactbn_get_plugins
EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugins(void);
#endif

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {
#if defined(UNFIT_ABI)
    EXACTBN_PLUGIN_ABI + 41,
#else
    EXACTBN_PLUGIN_ABI,
#endif
#if defined(UNFIT_NO_DECLARATION)
    NULL,
#elif defined(UNFIT_DECLARATION)
    "{\"name\":\"unfit\"}",
#else
    "{\"subject\":\"unfit\"}",
#endif
#if defined(UNFIT_RUN)
    NULL
#else
    run
#endif
  };
  (void)run;
#if defined(UNFIT_PLUGIN)
  (void)plugin;
  return NULL;
#else
  return &plugin;
#endif
}
