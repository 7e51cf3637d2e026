internal import ModelIR
internal import StrictJSON

extension Manifest {
  /// The manifest's text: JSON without white space, keys always in the same order.
  public func text() throws -> String {
    var writer = JSONWriter()
    try writer.object { writer in
      writer.key("source_metadata")
      try writer.value(sourceDeclaresMetadata)
      writer.key("tensors")
      try writer.array { writer in
        for entry in entries { try entry.write(to: &writer) }
      }
    }
    return String(decoding: try writer.finish(), as: UTF8.self)
  }
}

extension Manifest.Entry {
  func write(to writer: inout JSONWriter) throws {
    try writer.object { writer in
      writer.key("name")
      try writer.value(name.text)
      writer.key("dtype")
      try writer.value(elementType.name)
      writer.key("shape")
      try writer.array { writer in
        for extent in shape.extents { try writer.value(extent) }
      }
      writer.key("layout")
      try writer.value(layout.description)
      if let alias {
        writer.key("alias")
        try writer.value(alias.text)
      }
      if !parts.isEmpty {
        writer.key("parts")
        try writer.object { writer in
          for (role, part) in zip(LayoutParts.roles(of: layout), parts) {
            writer.key(role.rawValue)
            try writer.value(part.text)
          }
        }
      }
      if let quantization {
        writer.key("quantization")
        try quantization.write(to: &writer)
      }
    }
  }

  /// The bytes that the entry takes within a manifest that stands as a string in a JSON header, with the
  /// comma behind it.
  public func headerByteCount() -> UInt64 {
    // The quotes around the whole manifest are not the entry's.
    UInt64(JSONWriter.quotedByteCount(text()) - 2 + 1)
  }

  /// The bytes that the entry takes within a manifest's text, with the comma behind it.
  public func textByteCount() -> UInt64 { UInt64(text().count + 1) }

  private func text() -> [UInt8] {
    var writer = JSONWriter()
    do {
      try write(to: &writer)
      return try writer.finish()
    } catch {
      preconditionFailure("writing to memory does not fail: \(error)")
    }
  }
}

extension Quantization {
  func write(to writer: inout JSONWriter) throws {
    try writer.object { writer in
      writer.key("scheme")
      try writer.value(scheme)
      writer.key("bits")
      try writer.value(bits)
      if let packing {
        writer.key("packing")
        try writer.value(packing)
        if packing == Self.blockPacking {
          writer.key("ggml_type")
          try writer.value(scheme)
        }
      }
      if let logicalShape {
        writer.key("logical_shape")
        try writer.array { writer in
          for extent in logicalShape.extents { try writer.value(extent) }
        }
      }
      switch granularity {
      case .tensor: break
      case .channel(let axis):
        writer.key("axis")
        try writer.value(axis)
      case .group(let axis, let size):
        writer.key("axis")
        try writer.value(axis)
        writer.key("group")
        try writer.value(size)
      case .block(let extents):
        writer.key("block")
        try writer.array { writer in
          for extent in extents { try writer.value(extent) }
        }
      }
      let parameters = [
        ("scale", scale), ("zero_point", zeroPoint), ("global_scale", globalScale),
        ("group_index", groupIndex),
      ]
      for (key, parameter) in parameters {
        guard let parameter else { continue }
        writer.key(key)
        try writer.object { writer in
          switch parameter {
          case .tensor(let name):
            writer.key("tensor")
            try writer.value(name.text)
          case .constant(let text):
            writer.key("constant")
            try writer.value(text)
          }
        }
      }
    }
  }
}
