import ByteIO
import ModelIR
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Faults and checked sizes")
struct SystemFaultTests {
  static let kinds: [(code: CInt, input: FaultKind, output: FaultKind)] = [
    (ENOENT, .inputMissing, .cannotCreate), (ENOTDIR, .inputMissing, .cannotCreate),
    (ELOOP, .inputMissing, .cannotCreate), (ENAMETOOLONG, .inputMissing, .cannotCreate),
    (EACCES, .permissionDenied, .permissionDenied), (EPERM, .permissionDenied, .permissionDenied),
    (EROFS, .permissionDenied, .permissionDenied), (ENOSPC, .readOrWriteFailed, .cannotCreate),
    (EDQUOT, .readOrWriteFailed, .cannotCreate), (EFBIG, .readOrWriteFailed, .cannotCreate),
    (EEXIST, .readOrWriteFailed, .cannotCreate), (EIO, .readOrWriteFailed, .readOrWriteFailed),
    (EMFILE, .readOrWriteFailed, .readOrWriteFailed),
  ]

  @Test("What an error number means depends on what the path is to us", arguments: kinds)
  func kind(code: CInt, input: FaultKind, output: FaultKind) {
    let fault = SystemFault("open", path: "p", role: .input, code: code)
    #expect(fault.diagnosis.kind == input)
    #expect(fault.diagnosis.file == "p")
    #expect(fault.diagnosis.problem.hasPrefix("cannot open: "))
    #expect(SystemFault("open", path: "p", role: .output, code: code).diagnosis.kind == output)
  }

  @Test("Sums, products and differences that 64 bits do not hold are none")
  func checkedArithmetic() {
    #expect(UInt64.max.addingChecked(0) == .max)
    #expect(UInt64.max.addingChecked(1) == nil)
    #expect((UInt64.max - 1).addingChecked(1) == .max)
    #expect(UInt64(1 << 32).multipliedChecked(by: (1 << 32) - 1) == UInt64.max - 0xFFFF_FFFF)
    #expect(UInt64(1 << 32).multipliedChecked(by: 1 << 32) == nil)
    #expect(UInt64.max.multipliedChecked(by: 0) == 0)
    #expect(UInt64(5).subtractingChecked(5) == 0)
    #expect(UInt64(5).subtractingChecked(6) == nil)
  }
}
