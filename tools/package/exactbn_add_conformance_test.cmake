# SPDX-License-Identifier: Apache-2.0

# exactbn_add_conformance_test(
#   TARGET <plugin> | EXEC <program> [<argument>...]
#   [NAME <name>]
#   [REQUIRE correct|faithful|stable|sequential]
#   [DOMAIN ordinary|all] [ALLOW_SHORT_ACCUMULATION]
#   [DTYPE <format>...] [FILTER <text>] [SEED <n>] [BASELINE <file>]
#   [PROPERTIES [CASES <n>] [PROPERTIES_ARGS <flag>...]]
#   [ARGS <flag>...] [TIMEOUT <seconds>] [LABELS <label>...])
#
# Adds the test exactbn.<name>.suite: `exactbn validate` judges a plugin, which
# is a shared library or a module of this build, or a program that speaks the
# wire format, which may be a target. PROPERTIES adds the test
# exactbn.<name>.laws: `exactbn properties` searches for counterexamples. A test
# passes if the command's exit code is 0.
#
#   NAME      name of the tests; default: the target's. Required with EXEC.
#   REQUIRE   the worst grade that passes; default: sequential.
#   DOMAIN    where wrong values fail, in both tests; default: as the subject
#             declares.
#   ALLOW_SHORT_ACCUMULATION
#             an accumulation that the subject declares counts although it is
#             shorter than x, or than f32, in both tests.
#   DTYPE     only these formats of x, in both tests.
#   SEED      seed of both tests.
#   FILTER    only suite cases whose id, operation or label contains this.
#   BASELINE  a file of known failures of the suite, which do not fail the test;
#             `exactbn validate --update-baseline` writes it.
#   CASES     number of drawn cases; default: that of `exactbn properties`.
#   ARGS, PROPERTIES_ARGS   more flags of `validate`, and of `properties`.
#   TIMEOUT   seconds that each test may take.
#   LABELS    labels of the tests, in addition to `exactbn`.
#
# The tests run in the current source folder, so relative paths of EXEC and
# BASELINE start there. Counterexamples are saved to the current binary folder, in
# exactbn.<name>/counterexamples.jsonl.
function(exactbn_add_conformance_test)
  set(one TARGET NAME REQUIRE DOMAIN FILTER SEED BASELINE CASES TIMEOUT)
  set(many EXEC ARGS PROPERTIES_ARGS DTYPE LABELS)
  cmake_parse_arguments(PARSE_ARGV 0 arg "PROPERTIES;ALLOW_SHORT_ACCUMULATION"
    "${one}" "${many}")

  set(where "exactbn_add_conformance_test:")
  if(DEFINED arg_UNPARSED_ARGUMENTS)
    list(JOIN arg_UNPARSED_ARGUMENTS " " words)
    message(FATAL_ERROR "${where} unknown argument '${words}'")
  endif()
  if(DEFINED arg_KEYWORDS_MISSING_VALUES)
    list(JOIN arg_KEYWORDS_MISSING_VALUES ", " words)
    message(FATAL_ERROR "${where} no value after ${words}")
  endif()
  if(DEFINED arg_TARGET AND DEFINED arg_EXEC)
    message(FATAL_ERROR "${where} give TARGET or EXEC, not both")
  elseif(DEFINED arg_TARGET)
    if(NOT TARGET ${arg_TARGET})
      message(FATAL_ERROR "${where} TARGET ${arg_TARGET} is not a target")
    endif()
    get_target_property(type ${arg_TARGET} TYPE)
    if(NOT type MATCHES "^(MODULE|SHARED)_LIBRARY$")
      message(FATAL_ERROR "${where} TARGET ${arg_TARGET} is a ${type}, not a "
        "shared library or module; pass a program as EXEC ${arg_TARGET}")
    endif()
    if(NOT DEFINED arg_NAME)
      set(arg_NAME ${arg_TARGET})
    endif()
    set(subject $<TARGET_FILE:${arg_TARGET}>)
  elseif(DEFINED arg_EXEC)
    if(NOT DEFINED arg_NAME)
      message(FATAL_ERROR "${where} EXEC needs a NAME")
    endif()
    # A command line of /bin/sh, each word in quotes.
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
      "${where} REQUIRE ${arg_REQUIRE} is not a grade; expected ${words}")
  endif()
  if(DEFINED arg_DOMAIN AND NOT arg_DOMAIN MATCHES "^(ordinary|all)$")
    message(FATAL_ERROR "${where} DOMAIN ${arg_DOMAIN} is not a domain; "
      "expected ordinary, all")
  endif()
  if(NOT arg_NAME MATCHES "^[A-Za-z0-9_.+-]+$")
    message(FATAL_ERROR "${where} NAME '${arg_NAME}' may only contain letters, "
      "digits and _ . + -")
  endif()
  foreach(option SEED CASES TIMEOUT)
    if(DEFINED arg_${option} AND NOT arg_${option} MATCHES "^[0-9]+$")
      message(FATAL_ERROR "${where} ${option} ${arg_${option}} is not a number")
    endif()
  endforeach()
  foreach(option CASES PROPERTIES_ARGS)
    if(DEFINED arg_${option} AND NOT arg_PROPERTIES)
      message(FATAL_ERROR "${where} ${option} requires PROPERTIES")
    endif()
  endforeach()

  set(both "")
  if(DEFINED arg_DTYPE)
    list(JOIN arg_DTYPE "," dtypes)
    list(APPEND both --dtype ${dtypes})
  endif()
  foreach(option REQUIRE DOMAIN SEED)
    if(DEFINED arg_${option})
      string(TOLOWER ${option} flag)
      list(APPEND both --${flag} ${arg_${option}})
    endif()
  endforeach()
  if(arg_ALLOW_SHORT_ACCUMULATION)
    list(APPEND both --allow-short-accumulation)
  endif()
  set(suite ${both})
  if(DEFINED arg_FILTER)
    list(APPEND suite --filter "${arg_FILTER}")
  endif()
  if(DEFINED arg_BASELINE)
    list(APPEND suite --baseline "${arg_BASELINE}")
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
