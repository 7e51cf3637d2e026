internal import ByteIO
internal import CompressedTensors
internal import Inspection
internal import ModelIR
internal import StrictJSON

/// What config.json says of a model's layers.
extension OpenedModel {
  /// Notes the axes of layers that do not sum over the usual one.
  ///
  /// Only the config.json of a folder that was opened as a model is asked: beside a single file may lie another
  /// model's.
  /// - Throws: what reading throws; nothing for a text that is no JSON, whose other readers say so.
  static func noteAxes(of model: inout Model, _ origin: Origin) throws {
    guard case .folder(let folder, _) = origin,
      let text = try CompressedCheckpoint.configText(in: folder),
      let architecture = architecture(in: text),
      ReductionAxis.hasTransposedLayers(architecture: architecture)
    else { return }
    for index in model.tensors.indices where model.tensors[index].reduction == nil {
      model.tensors[index].reduction = ReductionAxis.byArchitecture(architecture, model.tensors[index])
    }
  }

  /// `model_type` of a config.json; nil if it has none.
  private static func architecture(in text: [UInt8]) -> String? {
    var reader = JSONReader(text)
    reader.takesNonFinite = true
    do {
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if key == "model_type", try reader.peekKind() == .string { return try reader.readString() }
        try reader.skipValue()
      }
      return nil
    } catch {
      return nil
    }
  }
}
