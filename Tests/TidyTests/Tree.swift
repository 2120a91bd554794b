import Foundation
import Testing

/// The files of this checkout, as far as people write them.
enum Tree {
  struct File: Sendable, CustomTestStringConvertible {
    /// Relative to the root, with forward slashes.
    let path: String
    let text: String

    var testDescription: String { path }
    /// Written by a script, which names itself in the first line.
    var isGenerated: Bool { path.hasSuffix(".generated.swift") }
    var lines: Int { text.utf8.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 } }

    /// `Web` for `Sources/Web/API/Problem.swift`, `SQLite` for `Sources/Platform/SQLite/Value.swift`.
    var target: String {
      let parts = path.split(separator: "/").map(String.init)
      guard parts.count > 2 else { return "" }
      return parts[1] == "Platform" ? parts[2] : parts[1]
    }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let leftOut: Set<String> = [".git", ".build", ".venv", "data", "__pycache__", ".pytest_cache"]
  private static let textual: Set<String> = [
    "swift", "c", "cpp", "h", "modulemap", "md", "py", "txt", "sh", "css", "js", "svg", "json", "yml", "conf", "",
  ]

  /// Every text file below the root, in the order of its path.
  static let files: [File] = {
    var found: [File] = []
    let keys: [URLResourceKey] = [.isDirectoryKey]
    let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys)!
    for case let url as URL in walk {
      if leftOut.contains(url.lastPathComponent) {
        walk.skipDescendants()
        continue
      }
      let values = try? url.resourceValues(forKeys: [.isDirectoryKey])
      guard values?.isDirectory == false, textual.contains(url.pathExtension) else { continue }
      guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
      found.append(File(path: relative(url), text: text))
    }
    return found.sorted { $0.path < $1.path }
  }()

  static let sources = files.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".swift") }

  /// Every folder below Sources that holds a file, relative to Sources.
  static let sourceFolders: [String] = {
    let inside = files.filter { $0.path.hasPrefix("Sources/") }
    let folders = inside.map { $0.path.split(separator: "/").dropFirst().dropLast().joined(separator: "/") }
    return Set(folders).sorted()
  }()

  static func file(_ path: String) -> File? { files.first { $0.path == path } }

  private static func relative(_ url: URL) -> String {
    String(url.path(percentEncoded: false).dropFirst(root.path(percentEncoded: false).count))
  }
}

extension String {
  /// Whether the regular expression is found anywhere in the text.
  func has(_ pattern: String) -> Bool { range(of: pattern, options: .regularExpression) != nil }

  /// The numbers of the lines in which the regular expression is found, from 1.
  func lines(with pattern: String) -> [Int] {
    guard has(pattern) else { return [] }
    return split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .filter { String($0.element).has(pattern) }.map { $0.offset + 1 }
  }
}
