# SPDX-License-Identifier: Apache-2.0
# Writes OUT, the C++ source that defines assets.h: cmake -D STYLE=FILE -D
# SCRIPT=FILE -D OUT=FILE -P embed.cmake. Without SCRIPT the script is empty.
file(READ ${STYLE} style)
set(script "")
if(SCRIPT)
  file(READ ${SCRIPT} script)
endif()
file(WRITE ${OUT} "// Written by tools/exactbn/page/embed.cmake.
#include \"tools/exactbn/page/assets.h\"

namespace exactbn {

const std::string_view kPageStyle = R\"page(${style})page\";

const std::string_view kPageScript = R\"page(${script})page\";

}  // namespace exactbn
")
