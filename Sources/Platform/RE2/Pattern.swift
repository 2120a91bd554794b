import CRE2

/// A regular expression of RE2: matching takes time linear in the text and bounded memory.
///
/// Sendable: an RE2 object is immutable after its constructor and documented as safe to share between threads.
public final class Pattern: @unchecked Sendable {
  /// The expression is not valid or too large.
  public struct CompileError: Error, Hashable, CustomStringConvertible {
    /// RE2's own words.
    public let description: String
  }

  private let handle: OpaquePointer

  /// Compiles `text` (RE2 syntax, UTF-8); `memoryBytesMax` bounds the program and its match cache.
  public init(_ text: String, memoryBytesMax: Int = 1 << 20) throws(CompileError) {
    var error = [CChar](repeating: 0, count: 256)
    var text = text
    let compiled = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        cre2_compile($0.baseAddress, $0.count, memoryBytesMax, &error, error.count)
      }
    }
    guard let compiled else {
      let words = error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw CompileError(description: String(decoding: words, as: UTF8.self))
    }
    handle = compiled
  }

  deinit { cre2_free(handle) }

  /// Whether the expression is found anywhere in `bytes`, or matches all of them when `whole`.
  public func matches(_ bytes: UnsafeBufferPointer<UInt8>, whole: Bool = false) -> Bool {
    bytes.withMemoryRebound(to: CChar.self) { cre2_matches(handle, $0.baseAddress, $0.count, whole ? 1 : 0) == 1 }
  }

  public func matches(_ bytes: [UInt8], whole: Bool = false) -> Bool {
    bytes.withUnsafeBufferPointer { matches($0, whole: whole) }
  }

  public func matches(_ text: String, whole: Bool = false) -> Bool {
    var text = text
    return text.withUTF8 { matches($0, whole: whole) }
  }
}
