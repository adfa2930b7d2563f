// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "golden/vector/manifest.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/ask/numbers.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/generate/output_format.h"
#include "tools/exactbn/commands/generate/partial_folder.h"
#include "tools/exactbn/commands/generate/questions.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

// The command that generates the same vectors again, without --out.
std::string command(const GenerateOptions& options) {
  const Selection& selection = options.selection;
  std::string text = "exactbn generate";
  const auto add = [&](std::string_view option, const std::string& value) {
    text += fmt::format(" {} {}", option, shell_word(value));
  };
  if (options.shape.empty()) {
    add("--suite", selection.suite);
  } else {
    add("--shape", to_string(options.shape));
    add("--channel-axis", std::to_string(options.channel_axis));
    add("--epsilon", fmt::to_string(options.epsilon));
  }
  if (options.format != "json") add("--format", options.format);
  if (!options.convention.empty()) add("--convention", options.convention);
  for (const std::string& name : options.operations) add("--operation", name);
  for (const std::string& name : selection.dtypes) add("--dtype", name);
  if (!selection.filter.empty()) add("--filter", selection.filter);
  add("--seed", std::to_string(selection.seed));
  return text;
}

// Writes the files and the manifest, publishes the folder, and prints a
// summary.
int write_folder(const GenerateOptions& options, std::size_t cases,
                 const std::vector<OutputFile>& files) {
  PartialFolder folder(options.out);
  std::size_t bytes = 0;
  for (const OutputFile& file : files) {
    folder.write(file.name, file.text);
    bytes += file.text.size();
  }
  folder.write(std::string(kManifest), manifest(files));
  folder.commit();
  print("{} cases in {} files, {} bytes, seed {}\n", cases, files.size(), bytes,
        options.selection.seed);
  return 0;
}

// Writes a folder of known answers, completely or not at all.
int generate(const GenerateOptions& options) {
  require_new_folder(options.out);
  if (options.format == kRecipe) {
    const std::vector<OutputFile> files =
        recipes(options, {EXACTBN_VERSION, command(options)});
    return write_folder(options, files.size(), files);
  }
  const Exporter& exporter = chosen_exporter(options.format);
  const std::string convention = chosen_convention(options, exporter);
  std::map<std::string, int> left_out;
  const std::vector<CommentedCase> chosen =
      expressible(questions(options), convention, exporter, left_out);
  for (const auto& [why, count] : left_out) {
    print("{} cases left out: {}\n", count, why);
  }
  if (chosen.empty()) throw UsageError("no case is left");
  const std::vector<OutputFile> files = exporter.write(
      prove_each(chosen), {EXACTBN_VERSION, command(options), convention});
  return write_folder(options, chosen.size(), files);
}

}  // namespace

Verb add_generate(CLI::App& program) {
  CLI::App& verb =
      *program.add_subcommand("generate", "write known answers to a folder");
  const auto options = std::make_shared<GenerateOptions>();
  Selection& selection = options->selection;
  selection.suite = "corpus";
  verb.add_option("--out", options->out, "the folder to write; new or empty")
      ->required();
  verb.add_option("--format", options->format,
                  "json, jsonl, npz, safetensors, c or onnx; or recipe, for a "
                  "--shape of any size")
      ->capture_default_str();
  verb.add_option("--convention", options->convention,
                  "momentum and running statistics by the convention of this "
                  "framework: pytorch, keras, onnx, onednn, cudnn, ...");
  auto* suite = verb.add_option("--suite", selection.suite, "corpus or core")
                    ->capture_default_str();
  add_names(verb, "--operation", options->operations,
            "only these, e.g. forward_training,backward_training");
  add_filter(verb, selection);
  auto* shape = verb.add_option_function<std::string>(
      "--shape",
      [options](const std::string& text) {
        const auto read = parse_shape(text);
        if (!read) throw CLI::ValidationError("--shape", no_shape(text));
        options->shape = *read;
      },
      "draw ordinary values of this shape, e.g. 2x3x5, instead of a suite");
  shape->excludes(suite)->excludes(verb.get_option("--filter"));
  verb.add_option("--channel-axis", options->channel_axis,
                  "the channel axis, with --shape")
      ->needs(shape)
      ->capture_default_str();
  verb.add_option("--epsilon", options->epsilon, "epsilon, with --shape")
      ->needs(shape)
      ->capture_default_str();
  add_seed(verb, selection.seed, "seed of the cases");
  return {&verb, [options] { return generate(*options); }};
}

}  // namespace exactbn
