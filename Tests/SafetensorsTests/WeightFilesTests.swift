import ByteIO
import ModelIR
import Safetensors
import TestSupport
import Testing

@Suite("WeightFiles")
struct WeightFilesTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  static let found: [(files: [String], weights: WeightFiles)] = [
    (["model.safetensors"], .single("model.safetensors")),
    (["model.safetensors", "config.json", "pytorch_model.bin", "model.gguf"], .single("model.safetensors")),
    (["weights.safetensors"], .single("weights.safetensors")),
    (["model.lacuna.safetensors"], .single("model.lacuna.safetensors")),
    (["model.safetensors", "adapter.safetensors", "x.safetensors"], .single("model.safetensors")),
    (["model.lacuna.safetensors", "adapter.safetensors"], .single("model.lacuna.safetensors")),
    (
      ["model.safetensors.index.json", "model-00001-of-000163.safetensors"],
      .indexed("model.safetensors.index.json")
    ),
    (["model.safetensors.index.json", "model.safetensors"], .indexed("model.safetensors.index.json")),
    (["x.safetensors.index.json"], .indexed("x.safetensors.index.json")),
    (["model.safetensors", ".model.safetensors.lacuna-part"], .single("model.safetensors")),
    (["model.safetensors", "tokenizer.json", "pytorch_model.bin.index.json"], .single("model.safetensors")),
  ]

  @Test("The index is taken, else the one weight file", arguments: found)
  func find(files: [String], weights: WeightFiles) throws {
    for name in files { try temporary.write("", to: name) }
    #expect(try WeightFiles.find(in: Folder(temporary.path)) == weights)
  }

  static let undecided: [(files: [String], rule: CheckpointFolderFault.Rule)] = [
    ([], .noWeights), (["config.json", "pytorch_model.bin", "safetensors"], .noWeights),
    (["a.safetensors", "b.safetensors"], .severalFiles(["a.safetensors", "b.safetensors"])),
    (
      ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
      .severalFiles(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])
    ),
    (
      ["model.safetensors", "model.lacuna.safetensors"],
      .severalFiles(["model.safetensors", "model.lacuna.safetensors"])
    ),
    (
      ["a.safetensors.index.json", "b.safetensors.index.json", "model.safetensors"],
      .severalIndexes(["a.safetensors.index.json", "b.safetensors.index.json"])
    ),
  ]

  @Test("Where it is not clear which files are the weights, the user is asked", arguments: undecided)
  func unclear(files: [String], rule: CheckpointFolderFault.Rule) throws {
    for name in files { try temporary.write("", to: name) }
    let fault = #expect(throws: CheckpointFolderFault.self) {
      try WeightFiles.find(in: Folder(temporary.path))
    }
    #expect(fault?.rule == rule)
    #expect(fault?.folder == temporary.path)
    #expect(fault?.diagnosis.kind == (rule == .noWeights ? .inputMissing : .badData))
  }
}
