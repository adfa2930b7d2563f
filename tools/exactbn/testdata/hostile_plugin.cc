// SPDX-License-Identifier: Apache-2.0
// A plugin that answers rightly what the test asks (small_case), but on the
// case "wicked", or when it is loaded or ends, does what the environment
// variable HOSTILE names.
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cfenv>
#include <clocale>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <limits>
#include <locale>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "oracles/exactbn_plugin.h"

namespace {

std::string mode() {
  const char* const text = std::getenv("HOSTILE");
  return text ? text : "";
}

[[noreturn]] void crash() {
  ::raise(SIGSEGV);
  std::abort();
}

[[noreturn]] void hang() {
  for (;;) pause();
}

void at(const char* phase) {
  if (mode() == std::string("crash at ") + phase) crash();
  if (mode() == std::string("hang at ") + phase) hang();
  if (mode() == std::string("exit at ") + phase) _exit(7);
  if (mode() == std::string("print at ") + phase) {
    std::printf("printed at %s\n", phase);
    std::fflush(stdout);
  }
}

struct Loaded {
  Loaded() { at("load"); }
  ~Loaded() { at("unload"); }
} const loaded;

struct Call {
  const exactbn_case* question;
  exactbn_answer* answer;

  float* input(const char* name) const {
    const exactbn_tensor* const tensor = exactbn_input(question, name);
    return tensor ? static_cast<float*>(const_cast<void*>(tensor->data))
                  : nullptr;
  }
  float* output(const char* name) const {
    return static_cast<float*>(answer->output(answer, name, EXACTBN_F32));
  }
  // Of either kind.
  float* tensor(const char* name) const {
    float* const of_input = input(name);
    return of_input ? of_input : output(name);
  }
  std::int64_t size(const std::string& name) const {
    return name == "x" || name == "y" ? 2 : 1;
  }
};

exactbn_status answer_well(const Call& call) {
  constexpr float kRoot = 0.70710678F;
  float* const y = call.output("y");
  y[0] = -kRoot;
  y[1] = kRoot;
  call.output("mean")[0] = 1.5F;
  call.output("var")[0] = 0.25F;
  call.output("invstd")[0] = 1.41421354F;
  call.output("running_var")[0] = 0.9375F;
  return EXACTBN_OUTPUTS;
}

std::jmp_buf gone;

using Deed = std::function<exactbn_status(const Call&)>;

// What is done before a right answer.
Deed before(std::function<void(const Call&)> deed) {
  return [deed](const Call& call) {
    deed(call);
    return answer_well(call);
  };
}

int overflow_stack(volatile char* last) {
  if (*last == 0) return 0;  // never
  volatile char here[4096];
  here[0] = *last;
  return overflow_stack(here) + here[0];
}

void for_each_descriptor(int first, const std::function<void(int)>& deed) {
  for (int fd = first; fd < 256; ++fd) deed(fd);
}

std::map<std::string, Deed> deeds() {
  std::map<std::string, Deed> all = {
    {"mutate x", before([](const Call& c) { c.input("x")[1] = 3; })},
    {"mutate gamma", before([](const Call& c) { c.input("gamma")[0] = 3; })},
    {"mutate the id",
     before([](const Call& c) { const_cast<char*>(c.question->id)[0] = 'W'; })},
    {"mutate the shape", before([](const Call& c) {
       const_cast<std::int64_t*>(exactbn_input(c.question, "x")->shape)[0] =
           1 << 20;
     })},
    {"write nothing",
     [](const Call& c) {
       for (const char* name : {"y", "mean", "var", "invstd"}) c.output(name);
       return EXACTBN_OUTPUTS;
     }},
    {"write NaN",
     [](const Call& c) {
       const exactbn_status status = answer_well(c);
       c.output("y")[1] = std::numeric_limits<float>::quiet_NaN();
       return status;
     }},
    {"answer with no output", [](const Call&) { return EXACTBN_OUTPUTS; }},
    {"return 9",
     [](const Call&) {
       const unsigned nine = 9;
       exactbn_status status = EXACTBN_OUTPUTS;
       std::memcpy(&status, &nine, sizeof status);
       return status;
     }},
    {"say rubbish",
     [](const Call& c) {
       return exactbn_say(c.answer, EXACTBN_ERROR, "\x1b[2J\xff\n{\"case\"");
     }},
    {"crash", [](const Call&) -> exactbn_status { crash(); }},
    {"hang", [](const Call&) -> exactbn_status { hang(); }},
    {"spin",
     [](const Call&) -> exactbn_status {
       for (std::atomic<int> i = 0;;) {
         ++i;
       }
     }},
    {"overflow the stack",
     [](const Call&) {
       volatile char start = 1;
       return static_cast<exactbn_status>(overflow_stack(&start));
     }},
    {"throw an exception",
     [](const Call&) -> exactbn_status {
       throw std::runtime_error("thrown by the plugin");
     }},
    {"throw an int", [](const Call&) -> exactbn_status { throw 1; }},
    {"jump", [](const Call&) -> exactbn_status { std::longjmp(gone, 1); }},
    {"exit 0", [](const Call&) -> exactbn_status { std::exit(0); }},
    {"exit 7", [](const Call&) -> exactbn_status { std::exit(7); }},
    {"_exit 7", [](const Call&) -> exactbn_status { _exit(7); }},
    {"quick_exit 7", [](const Call&) -> exactbn_status { std::quick_exit(7); }},
    {"abort", [](const Call&) -> exactbn_status { std::abort(); }},
    {"terminate", [](const Call&) -> exactbn_status { std::terminate(); }},
    {"end the thread",
     [](const Call&) -> exactbn_status { pthread_exit(nullptr); }},
    {"free y",
     [](const Call& c) {
       std::free(c.output("y"));
       return EXACTBN_OUTPUTS;
     }},
    {"free x",
     [](const Call& c) {
       std::free(c.input("x"));
       return EXACTBN_OUTPUTS;
     }},
    {"print", before([](const Call&) {
       std::printf("\x1b[31mprinted\r\n");
       std::cout << "streamed\xff" << std::endl;
       (void)!::write(STDOUT_FILENO, "written", 7);
     })},
    {"print an answer", before([](const Call&) {
       std::printf("{\"case\":\"wicked\",\"error\":\"no\"}\n");
       std::fflush(stdout);
     })},
    {"print a lot", before([](const Call&) {
       for (int k = 0; k < 100'000; ++k) std::printf("line %d\n", k);
     })},
    {"write to every descriptor", before([](const Call&) {
       for_each_descriptor(3,
                           [](int fd) { (void)!::write(fd, "rubbish\n", 8); });
     })},
    {"read standard input", before([](const Call&) {
       std::string line;
       while (std::getline(std::cin, line)) std::printf("read\n");
     })},
    {"close standard descriptors", before([](const Call&) {
       for (int fd : {0, 1, 2}) ::close(fd);
     })},
    {"close all descriptors",
     before([](const Call&) { for_each_descriptor(0, ::close); })},
    {"round upward", before([](const Call&) { std::fesetround(FE_UPWARD); })},
#if defined(__x86_64__)
    {"flush subnormals", before([](const Call&) {
       __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
     })},
#endif
    {"change the locale", before([](const Call&) {
       struct Commas : std::numpunct<char> {
         char do_decimal_point() const override { return ','; }
         char do_thousands_sep() const override { return '.'; }
         std::string do_grouping() const override { return "\1"; }
       };
       std::locale::global(std::locale(std::locale(), new Commas));
       std::setlocale(LC_ALL, "tr_TR.UTF-8");
     })},
    {"change the folder", before([](const Call&) { (void)!::chdir("/"); })},
    {"change the environment", before([](const Call&) {
       ::setenv("OMP_NUM_THREADS", "0", 1);
       ::unsetenv("PATH");
     })},
    {"change the umask", before([](const Call&) { ::umask(0777); })},
    {"block signals", before([](const Call&) {
       sigset_t set;
       sigfillset(&set);
       sigprocmask(SIG_SETMASK, &set, nullptr);
     })},
    {"ignore signals", before([](const Call&) {
       for (int s = 1; s < 32; ++s) ::signal(s, SIG_IGN);
     })},
    {"limit the stack", before([](const Call&) {
       const rlimit limit = {1 << 20, 1 << 20};
       ::setrlimit(RLIMIT_STACK, &limit);
     })},
    {"limit files", before([](const Call&) {
       const rlimit limit = {3, 3};
       ::setrlimit(RLIMIT_NOFILE, &limit);
     })},
    {"fork and leave a child", before([](const Call&) {
       if (::fork() == 0) {
         ::sleep(20);
         _exit(0);
       }
     })},
    {"fork and answer twice", before([](const Call&) { ::fork(); })},
    {"start a thread",
     before([](const Call&) { std::thread([] { hang(); }).detach(); })},
    {"start a new session", before([](const Call&) { ::setsid(); })},
  };
  for (const char* name :
       {"x", "gamma", "y", "mean", "var", "invstd", "running_var"}) {
    const std::string tensor = name;
    all["past " + tensor] = before([tensor](const Call& c) {
      c.tensor(tensor.c_str())[c.size(tensor)] = 7;
    });
    all["before " + tensor] =
        before([tensor](const Call& c) { c.tensor(tensor.c_str())[-1] = 7; });
    all["far past " + tensor] = before([tensor](const Call& c) {
      c.tensor(tensor.c_str())[c.size(tensor) + 200] = 7;
    });
  }
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT,
                           SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2,
                           SIGPIPE, SIGALRM, SIGTERM, SIGSTOP}) {
    all["signal " + std::to_string(number)] = [number](const Call& call) {
      ::kill(::getpid(), number);
      return answer_well(call);
    };
  }
  return all;
}

exactbn_status run(const exactbn_case* question, exactbn_answer* answer) {
  const Call call = {question, answer};
  static const std::map<std::string, Deed> all = deeds();
  const auto deed = all.find(mode());
  if (std::strcmp(question->id, "wicked") != 0 || deed == all.end()) {
    return answer_well(call);
  }
  return deed->second(call);
}

}  // namespace

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  at("start");
  (void)setjmp(gone);
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      R"({"subject":"hostile","operations":["forward_training"],)"
      R"("dtypes":["f32"]})",
      run};
  return &plugin;
}
