# SPDX-License-Identifier: Apache-2.0

# exactbn_add_conformance_test(
#   TARGET <plugin> | EXEC <program> [<argument>...]
#   [NAME <name>]
#   [REQUIRE correct|faithful|stable|sequential]
#   [DTYPE <format>...] [FILTER <text>] [SEED <n>]
#   [PROPERTIES [CASES <n>] [PROPERTIES_ARGS <flag>...]]
#   [ARGS <flag>...] [TIMEOUT <seconds>] [LABELS <label>...])
#
# Adds the test exactbn.<name>.suite, which has `exactbn validate` judge the
# plugin, a shared library or a module of this build; or a program that speaks
# the wire format, itself a target perhaps. With PROPERTIES also the test
# exactbn.<name>.laws, which hunts for counterexamples: `exactbn properties`. A
# test passes where the command's exit code is 0.
#
#   NAME      of the tests; that of the target if not given. EXEC needs one.
#   REQUIRE   the grade that every value must have; else `sequential`.
#   DTYPE     only these formats of x; SEED of both tests.
#   FILTER    only cases of the suite whose id, operation or label has this.
#   CASES     how many are drawn; else what `exactbn properties` draws.
#   ARGS, PROPERTIES_ARGS   more flags of `validate`, and of `properties`.
#   TIMEOUT   seconds each test may take. LABELS beside the label `exactbn`.
#
# The tests run in the current source folder, where relative paths of EXEC
# begin. Counterexamples are kept in the current binary folder, in
# exactbn.<name>/counterexamples.jsonl.
function(exactbn_add_conformance_test)
  set(one TARGET NAME REQUIRE FILTER SEED CASES TIMEOUT)
  set(many EXEC ARGS PROPERTIES_ARGS DTYPE LABELS)
  cmake_parse_arguments(PARSE_ARGV 0 arg "PROPERTIES" "${one}" "${many}")

  set(where "exactbn_add_conformance_test:")
  if(DEFINED arg_UNPARSED_ARGUMENTS)
    list(JOIN arg_UNPARSED_ARGUMENTS " " words)
    message(FATAL_ERROR "${where} it takes no '${words}'")
  endif()
  if(DEFINED arg_KEYWORDS_MISSING_VALUES)
    list(JOIN arg_KEYWORDS_MISSING_VALUES ", " words)
    message(FATAL_ERROR "${where} there is no value after ${words}")
  endif()
  if(DEFINED arg_TARGET AND DEFINED arg_EXEC)
    message(FATAL_ERROR "${where} give TARGET or EXEC, not both")
  elseif(DEFINED arg_TARGET)
    if(NOT TARGET ${arg_TARGET})
      message(FATAL_ERROR "${where} TARGET ${arg_TARGET} is no target")
    endif()
    get_target_property(type ${arg_TARGET} TYPE)
    if(NOT type MATCHES "^(MODULE|SHARED)_LIBRARY$")
      message(FATAL_ERROR "${where} TARGET ${arg_TARGET} is no shared library "
        "or module, but ${type}; a program is given as EXEC ${arg_TARGET}")
    endif()
    if(NOT DEFINED arg_NAME)
      set(arg_NAME ${arg_TARGET})
    endif()
    set(subject $<TARGET_FILE:${arg_TARGET}>)
  elseif(DEFINED arg_EXEC)
    if(NOT DEFINED arg_NAME)
      message(FATAL_ERROR "${where} EXEC needs a NAME")
    endif()
    # One line of /bin/sh, each word in quotes.
    set(line "")
    foreach(word IN LISTS arg_EXEC)
      if(line STREQUAL "" AND TARGET ${word})
        set(word $<TARGET_FILE:${word}>)
      endif()
      string(REPLACE "'" "'\\''" word "${word}")
      string(APPEND line " '${word}'")
    endforeach()
    string(SUBSTRING "${line}" 1 -1 line)
    set(subject --exec "${line}")
  else()
    message(FATAL_ERROR "${where} give a TARGET, or EXEC and a program")
  endif()
  set(grades correct faithful stable sequential)
  if(DEFINED arg_REQUIRE AND NOT arg_REQUIRE IN_LIST grades)
    list(JOIN grades ", " words)
    message(FATAL_ERROR
      "${where} REQUIRE ${arg_REQUIRE} is no grade; known are ${words}")
  endif()
  if(NOT arg_NAME MATCHES "^[A-Za-z0-9_.+-]+$")
    message(FATAL_ERROR "${where} NAME '${arg_NAME}' has other characters than "
      "letters, digits and _ . + -")
  endif()
  foreach(option SEED CASES TIMEOUT)
    if(DEFINED arg_${option} AND NOT arg_${option} MATCHES "^[0-9]+$")
      message(FATAL_ERROR "${where} ${option} ${arg_${option}} is no number")
    endif()
  endforeach()
  foreach(option CASES PROPERTIES_ARGS)
    if(DEFINED arg_${option} AND NOT arg_PROPERTIES)
      message(FATAL_ERROR "${where} ${option} is of PROPERTIES: give it, too")
    endif()
  endforeach()

  set(both "")
  if(DEFINED arg_DTYPE)
    list(JOIN arg_DTYPE "," dtypes)
    list(APPEND both --dtype ${dtypes})
  endif()
  foreach(option REQUIRE SEED)
    if(DEFINED arg_${option})
      string(TOLOWER ${option} flag)
      list(APPEND both --${flag} ${arg_${option}})
    endif()
  endforeach()
  set(suite ${both})
  if(DEFINED arg_FILTER)
    list(APPEND suite --filter "${arg_FILTER}")
  endif()
  set(test exactbn.${arg_NAME})
  set(tests ${test}.suite)
  add_test(NAME ${test}.suite
    COMMAND exactbn::exactbn validate ${subject} ${suite} ${arg_ARGS}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  if(arg_PROPERTIES)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${test})
    file(MAKE_DIRECTORY ${folder})
    set(laws ${both} --save ${folder}/counterexamples.jsonl)
    if(DEFINED arg_CASES)
      list(APPEND laws --cases ${arg_CASES})
    endif()
    list(APPEND tests ${test}.laws)
    add_test(NAME ${test}.laws
      COMMAND exactbn::exactbn properties ${subject} ${laws}
        ${arg_PROPERTIES_ARGS}
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set_property(TEST ${tests} PROPERTY LABELS exactbn ${arg_LABELS})
  if(DEFINED arg_TIMEOUT)
    set_property(TEST ${tests} PROPERTY TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()
