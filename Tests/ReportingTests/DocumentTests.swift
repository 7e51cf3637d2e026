import Inspection
import ModelIR
import Reporting
import StrictJSON
import Testing

@Suite("JSON documents")
struct DocumentTests {
  /// The keys of the object at the reader, with the keys of those that it wants to see inside.
  private func keys(_ reader: inout JSONReader, inside: [String: [String]] = [:]) throws -> Set<String> {
    var keys = Set<String>()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      #expect(keys.insert(key).inserted, "\(key) twice")
      guard let wanted = inside[key] else {
        try reader.skipValue()
        continue
      }
      try reader.beginArray()
      while try reader.nextElement() {
        #expect(try self.keys(&reader).isSuperset(of: wanted), "in \(key)")
      }
    }
    return keys
  }

  private func document(_ body: (@escaping JSONReport.Sink) throws -> Void) throws -> [UInt8] {
    let collector = Collector()
    try body(collector.take(bytes:))
    return Array(collector.text.utf8)
  }

  private static let tensorKeys = [
    "name", "dtype", "shape", "elements", "bytes", "nnz", "zeros", "negative_zeros", "nan", "inf", "sparsity",
    "layout", "quantization", "axis", "patterns", "structure", "best", "digest",
  ]

  @Test("Inspection has a model for each path and the fields of the schema")
  func inspection() throws {
    let text = try document { sink in
      try JSONReport.inspect(
        [Synthetic.llama(), Synthetic.bert(), Synthetic.llama(readValues: false)],
        to: sink
      )
    }
    var reader = JSONReader(text)
    var models = 0
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if key == "schema" { #expect(try reader.readString() == "lacuna.inspect/1") }
      if key != "models" {
        if key != "schema" { try reader.skipValue() }
        continue
      }
      try reader.beginArray()
      while try reader.nextElement() {
        models += 1
        let found = try keys(&reader, inside: ["tensors": Self.tensorKeys])
        let wanted: Set = [
          "path", "container", "files", "bytes", "parameters", "sparsity", "summary", "warnings", "tensors",
        ]
        #expect(found.isSuperset(of: wanted))
      }
    }
    try reader.readEnd()
    #expect(models == 3)
  }

  @Test("The other documents are strict JSON with their fields")
  func others() throws {
    let documents: [([UInt8], Set<String>, [String: [String]])] = [
      (
        try document { try JSONReport.validate([Synthetic.validation()], to: $0) },
        ["schema", "pattern", "compliant", "models", "tensors"],
        [
          "tensors": [
            "name", "status", "reason", "axis", "groups", "violating_groups", "histogram", "first_violations",
          ]
        ]
      ),
      (
        try document { try JSONReport.convert(Synthetic.conversion(isDryRun: true), to: $0) },
        ["schema", "input", "output", "dry_run", "files", "tensors", "warnings"],
        [
          "tensors": ["name", "from", "to", "bytes_before", "bytes_after", "reason"],
          "files": ["name", "bytes"],
        ]
      ),
      (
        try document { try JSONReport.diff(Synthetic.difference(), to: $0) },
        ["schema", "first", "second", "equal", "differences"], ["differences": ["name", "kind"]]
      ),
      (
        try document { try JSONReport.verify([Synthetic.integrity()], to: $0) },
        ["schema", "whole", "models"],
        ["models": ["path", "whole", "checks", "warnings"]]
      ),
    ]
    for (text, wanted, inside) in documents {
      var reader = JSONReader(text)
      #expect(try keys(&reader, inside: inside).isSuperset(of: wanted))
      try reader.readEnd()
    }
  }

  @Test("Values of violations are numbers, but for those that JSON cannot say")
  func values() throws {
    let text = String(
      decoding: try document { try JSONReport.validate([Synthetic.validation()], to: $0) },
      as: UTF8.self
    )
    #expect(text.contains("0.0134,"))
    #expect(text.contains("\"nan\",") && text.contains("\"inf\",") && text.contains("-0,"))
  }
}

@Suite("Plain lines")
struct PlainTests {
  private func lines(_ body: (@escaping PlainReport.Sink) throws -> Void) throws -> [String] {
    let collector = Collector()
    try body(collector.take)
    #expect(collector.text.hasSuffix("\n"))
    return collector.text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("Every tensor is one line with the fields of the header")
  func oneLineEach() throws {
    let tensors = try Set(Hostile.names.map { TensorName($0) }).map {
      try Synthetic.report($0.text, .float32, [2, 16], zeros: 0.5)
    }
    var conversion = try Synthetic.conversion(isDryRun: true)
    conversion.tensors[0].name = "a\tb\nc"
    let outputs: [([String], Int)] = [
      (try lines { try PlainReport.inspect(Synthetic.model(tensors), to: $0) }, tensors.count),
      (try lines { try PlainReport.validate(Synthetic.validation(), to: $0) }, 291),
      (try lines { try PlainReport.convert(conversion, to: $0) }, 291),
      (try lines { try PlainReport.diff(Synthetic.difference(), to: $0) }, 5),
      (try lines { try PlainReport.verify(Synthetic.integrity(), to: $0) }, 3),
    ]
    for (lines, count) in outputs {
      #expect(lines.count == count + 1)
      let fields = Set(lines.map { $0.utf8.count { $0 == 0x09 } })
      #expect(fields.count == 1)
    }
  }

  @Test("Integers are raw, and names follow the order that was asked for")
  func rawIntegers() throws {
    let options = InspectionOptions(sort: .size, limit: 1)
    let output = try lines { try PlainReport.inspect(Synthetic.llama(), options: options, to: $0) }
    #expect(output.count == 2)
    #expect(output[1].hasPrefix("lm_head.weight\tBF16\t128256,4096\t525336576\t1050673152\tdense\t\t"))
  }
}

@Suite("Progress")
struct ProgressTests {
  private static let moment = ProgressMoment(
    done: 7_600_000_000,
    total: 16_060_000_000,
    seconds: 4,
    memory: 212_000_000,
    activity: "a\u{1B}[2Jb"
  )

  @Test("A line says share, time left, bytes, speed and memory")
  func terminal() {
    let line = ProgressLine.terminal(Self.moment, style: TerminalStyle(width: 120))
    #expect(line.hasSuffix(" 47.3% · 0:04 left · 7.60 GB of 16.06 GB · 1.90 GB/s · mem 212 MB  a\\u{1B}[2Jb"))
  }

  @Test("The line for logs holds the same without drawing")
  func plain() {
    #expect(
      ProgressLine.plain(Self.moment)
        == "7.60 GB of 16.06 GB, 47.3%, 1.90 GB/s, 0:04 left, mem 212 MB, a\\u{1B}[2Jb"
    )
  }

  @Test("Nothing is foretold before anything is known")
  func unknown() {
    let moment = ProgressMoment(WorkProgress(), seconds: 0)
    #expect(moment.secondsLeft == nil)
    #expect(ProgressLine.plain(moment) == "0 B, –")
  }
}

extension DocumentTests {
  @Test("Strings come back as they were, and hold nothing that steers a terminal", arguments: Hostile.names)
  func invisible(_ name: String) throws {
    let text = try document { sink in
      try JSONReport.inspect(
        [Synthetic.model([try Synthetic.report(name, .float32, [4])], path: name)],
        to: sink
      )
    }
    let shown = String(decoding: text, as: UTF8.self)
    for scalar in shown.unicodeScalars where scalar != "\n" {
      #expect(
        ![.control, .format, .lineSeparator].contains(scalar.properties.generalCategory),
        "\(scalar.value)"
      )
    }
    var reader = JSONReader(text)
    var (paths, names): ([String], [String]) = ([], [])
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard key == "models" else {
        try reader.skipValue()
        continue
      }
      try reader.beginArray()
      while try reader.nextElement() {
        try reader.beginObject()
        while let key = try reader.nextKey() {
          switch key {
          case "path": paths.append(try reader.readString())
          case "tensors":
            try reader.beginArray()
            while try reader.nextElement() {
              try reader.beginObject()
              while let key = try reader.nextKey() {
                if key == "name" { names.append(try reader.readString()) } else { try reader.skipValue() }
              }
            }
          default: try reader.skipValue()
          }
        }
      }
    }
    for found in [paths, names] { #expect(found.map { Array($0.utf8) } == [Array(name.utf8)]) }
  }
}
