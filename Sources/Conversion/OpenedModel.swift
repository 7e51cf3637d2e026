public import ByteIO
public import CompressedTensors
internal import Dialect
public import GGUF
public import Inspection
public import ModelIR
internal import ONNX
public import Safetensors

/// A model as it was found: its descriptors, and where they came from.
public struct OpenedModel: Sendable {
  /// What a path turned out to be.
  public enum Origin: Sendable {
    /// One weight file.
    case file
    /// A folder in the Hugging Face layout.
    case folder(Folder, WeightFiles)
  }

  /// What the user called it.
  public let path: String
  /// What the path turned out to be.
  public let origin: Origin
  /// The model with its logical tensors: what a manifest says, or another library's names, is put together.
  public var model: Model
  /// The model before another library's parts were put together.
  let stored: Model
  /// All logical tensors, whatever was selected since.
  let allTensors: [Tensor]
  /// What compressed-tensors and its relatives made of the model.
  public let compression: CompressedCheckpoint
  /// Where an index and its shards disagree so that data would be wrong.
  public let disagreements: [Diagnosis]
  /// The GGUF files, where the model is of that container.
  public let gguf: SplitModel?
  /// The ONNX file, where the model is of that container.
  let onnx: ONNXImport?
  /// What an index says of the number of parameters.
  let totalParameters: UInt64?
  /// What config.json or the metadata say of the model's architecture.
  public let architecture: ArchitectureFacts

  /// Opens a safetensors, GGUF or ONNX file, an index, or a folder; which, is told by content.
  ///
  /// The first shard of a split GGUF model, and a folder with one GGUF model and no other, stand for that model.
  /// - Parameter assumptions: what the user says where the files do not.
  /// - Throws: a ``Fault`` for what cannot be opened or breaks a rule of its format.
  public init(_ path: String, lenient: Bool = false, assumptions: Assumptions = Assumptions()) throws {
    self.path = path
    guard let identity = try FileIdentity.at(path) else {
      throw SystemFault("open", path: path, role: .input, code: SystemFault.notFound)
    }
    if identity.kind == .folder {
      onnx = nil
      let folder = try Self.folder(path)
      if let name = try GGUFContent.find(in: folder) {
        gguf = try SplitModel(folder: folder, name: name, lenient: lenient)
        (model, disagreements, totalParameters, origin) = (Self.empty, [], nil, .file)
      } else {
        let weights = try WeightFiles.find(in: folder)
        (model, disagreements, totalParameters) = try Self.open(weights, in: folder, lenient: lenient)
        (gguf, origin) = (nil, .folder(folder, weights))
      }
    } else {
      let (source, original) = try ExportFile.restoring(InputFile.open(path))
      let name = original ?? Folder.lastComponent(of: path)
      try ForeignContent.refuse(source)
      if try ONNXContent.isONNX(source, name: name) {
        onnx = try ONNXImport(
          ONNXReader(source: source, folder: Self.folder(Folder.parent(of: path)), lenient: lenient),
          name: name
        )
      } else {
        onnx = nil
      }
      if onnx != nil {
        (model, disagreements, totalParameters, origin, gguf) = (Self.empty, [], nil, .file, nil)
      } else if try GGUFContent.isGGUF(source, name: name) {
        gguf = try SplitModel(
          first: source,
          name: name,
          in: Self.folder(Folder.parent(of: path)),
          lenient: lenient
        )
        (model, disagreements, totalParameters, origin) = (Self.empty, [], nil, .file)
      } else if try ForeignContent.isJSON(source) {
        let folder = try Self.folder(Folder.parent(of: path))
        let weights = WeightFiles.indexed(name)
        (model, disagreements, totalParameters) = try Self.open(weights, in: folder, lenient: lenient)
        (gguf, origin) = (nil, .folder(folder, weights))
      } else {
        model = try Self.model(of: source, name: name, lenient: lenient)
        (gguf, origin, disagreements, totalParameters) = (nil, .file, [], nil)
      }
    }
    if gguf != nil || onnx != nil {
      if let gguf {
        model = gguf.model
        try model.resolveManifest(of: gguf.shards[0])
      } else if let onnx {
        model = onnx.model
      }
      stored = model
      model.attachBlockCodes()
      // Nothing of that library is in GGUF files.
      var none = Self.empty
      compression = try CompressedCheckpoint(resolving: &none, configText: nil)
      allTensors = model.tensors
      architecture = gguf.map { ArchitectureFacts($0.shards[0].header) } ?? ArchitectureFacts()
      return
    }
    try model.resolveManifests()
    stored = model
    model.attachBlockCodes()
    compression = try Self.resolveCompression(of: &model, at: path, origin, assumptions)
    architecture = try Self.architecture(origin)
    Self.noteAxes(of: &model, architecture)
    allTensors = model.tensors
  }

  /// A folder whose compressed exports stand for what they were made of.
  static func folder(_ path: String) throws -> Folder {
    try Folder(path).restoring(suffix: ExportFile.suffix) { try ExportFile.restoring($0).source }
  }

  private static let empty = Model(container: .safetensors, files: [], tensors: [])

  /// Puts the parts of another library's dialect together, as the folder's config.json says.
  private static func resolveCompression(
    of model: inout Model,
    at path: String,
    _ origin: Origin,
    _ assumptions: Assumptions
  ) throws -> CompressedCheckpoint {
    let folder: Folder?
    var isOneFile = false
    switch origin {
    case .folder(let found, _): folder = found
    case .file:
      isOneFile = true
      // What lies beside a single file may be another model's, so it is read only for parts that need it.
      folder = CompressedCheckpoint.hasParts(model) ? try Folder(Folder.parent(of: path)) : nil
    }
    return try CompressedCheckpoint(
      resolving: &model,
      configText: try folder.flatMap { try CompressedCheckpoint.configText(in: $0) },
      configFile: folder?.displayPath(CompressedCheckpoint.configName) ?? CompressedCheckpoint.configName,
      isOneFile: isOneFile,
      assumptions: assumptions
    )
  }

  private static func open(
    _ weights: WeightFiles,
    in folder: Folder,
    lenient: Bool
  ) throws -> (Model, [Diagnosis], UInt64?) {
    switch weights {
    case .single(let name):
      let source = try folder.source(name)
      try ForeignContent.refuse(source)
      return (try model(of: source, name: name, lenient: lenient), [], nil)
    case .indexed(let name):
      let checkpoint = try ShardedCheckpoint(folder: folder, indexName: name, lenient: lenient)
      return (checkpoint.model, checkpoint.disagreements, checkpoint.totalParameters)
    }
  }

  private static func model(of source: any ByteSource, name: String, lenient: Bool) throws -> Model {
    let reader = try SafetensorsReader(source: source, name: name, lenient: lenient)
    return Model(
      container: .safetensors,
      files: [reader.file(numbered: 0)],
      tensors: Array(reader.tensors(inFile: 0)),
      warnings: reader.warnings
    )
  }

  /// The tensors of an ONNX file that are none of the model's, and why: strings, and what is too large to be told.
  public var leftOutWarnings: [Diagnosis] {
    guard let onnx else { return [] }
    return onnx.leftOut.map { name, reason in
      Diagnosis(
        .badData,
        file: onnx.reader.source.displayName,
        tensor: name,
        "is left out: \(reason)",
        expected: "only graphs keep it"
      )
    }
  }

  /// What counting zeros cannot tell of the model.
  public var countingWarnings: [Diagnosis] { model.zerolessBlocks }

  /// Refuses a model whose index and shards disagree.
  /// - Throws: ``DisagreementFault``.
  public func requireAgreement() throws {
    if !disagreements.isEmpty { throw DisagreementFault(findings: disagreements) }
  }

  /// Which files the model lies in, so that no output overwrites one.
  public var inputs: [FileIdentity] {
    model.files.compactMap { InputFile.backing($0.source)?.identity }
  }

  /// Refuses a name that no selected tensor has.
  /// - Throws: ``UnknownTensorFault``.
  public func requireTensor(_ name: TensorName) throws {
    guard model.tensors.contains(where: { $0.name == name }) else {
      throw UnknownTensorFault(path: path, name: name)
    }
  }

  /// Keeps the tensors that `filter` selects.
  /// - Throws: ``EmptySelectionFault`` if there are tensors and none is selected.
  public mutating func select(_ filter: TensorFilter) throws {
    guard !filter.selectsAll, !model.tensors.isEmpty else { return }
    model.tensors.removeAll { !filter.selects($0.name) }
    if model.tensors.isEmpty { throw EmptySelectionFault(path: path) }
  }
}

extension Model {
  /// Puts the parts of sparse tensors together, file by file, as the manifests say.
  mutating func resolveManifests() throws {
    let manifests = try files.map { try Manifest.read(from: $0.metadata, file: $0.source.displayName) }
    guard manifests.contains(where: { $0 != nil }) else { return }
    var byFile = [[Tensor]](repeating: [], count: files.count)
    for tensor in tensors { byFile[file(of: tensor)].append(tensor) }
    var resolved: [Tensor] = []
    for (index, manifest) in manifests.enumerated() {
      let file = files[index].source.displayName
      resolved += try manifest?.resolve(byFile[index], file: file) ?? byFile[index]
      if let manifest { files[index].declaresMetadata = manifest.sourceDeclaresMetadata }
      let carried = files[index].metadata.text(forKey: CarriedMetadata.key)
      files[index].metadata = files[index].metadata.removing(prefix: Manifest.keyPrefix)
      if let carried {
        files[index].metadata.append(key: CarriedMetadata.key, value: .string(carried))
      }
    }
    var names = Set<TensorName>()
    for tensor in resolved where !names.insert(tensor.name).inserted {
      throw SharedNameFault(file: source(of: tensor).displayName, tensor: tensor.name)
    }
    tensors = resolved
  }
}

/// A logical tensor that two shards have.
public struct SharedNameFault: Fault, Hashable {
  /// The second file that has it.
  public let file: String
  /// The tensor.
  public let tensor: TensorName

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(.badData, file: file, tensor: tensor, "stands in another shard too")
  }
}

/// An index and shards that disagree so that data would be wrong.
public struct DisagreementFault: Fault {
  /// What disagrees, one finding each.
  public let findings: [Diagnosis]

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    findings.first ?? Diagnosis(.internalError, "a disagreement without findings")
  }
}

/// A name that no tensor of a model has.
public struct UnknownTensorFault: Fault, Hashable {
  /// The model.
  public let path: String
  /// The name.
  public let name: TensorName

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .usage,
      file: path,
      tensor: name,
      "there is no such tensor",
      expected: "inspect --all lists the names"
    )
  }
}

/// Patterns that select no tensor of a model.
public struct EmptySelectionFault: Fault, Hashable {
  /// The model.
  public let path: String

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(.usage, file: path, "no tensor matches --tensors and --exclude")
  }
}

/// Which tensors of a model are meant.
public struct TensorFilter: Sendable {
  private let included: [GlobPattern]
  private let excluded: [GlobPattern]

  /// Selects what matches one of `included` (or anything, if that is empty) and none of `excluded`.
  public init(including included: [String] = [], excluding excluded: [String] = []) {
    self.included = included.map(GlobPattern.init)
    self.excluded = excluded.map(GlobPattern.init)
  }

  /// Whether nothing is left out.
  public var selectsAll: Bool { included.isEmpty && excluded.isEmpty }
  /// Whether the user named what is wanted.
  public var namesTensors: Bool { !included.isEmpty }

  /// Whether a tensor is meant.
  public func selects(_ name: TensorName) -> Bool {
    (included.isEmpty || included.contains { $0.matches(name.text) })
      && !excluded.contains { $0.matches(name.text) }
  }
}
