import Foundation
import Testing

@testable import Web

@Suite("Assets")
struct PagesAssetTests {
  private let files = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Sources/Web/Assets/Files").standardizedFileURL

  @Test("the embedded bytes are those of the files: run scripts/embed-assets when this fails")
  func agree() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: files.path).sorted()
    #expect(Asset.all.map(\.name).sorted() == names)
    for asset in Asset.all {
      #expect(try Data(contentsOf: files.appendingPathComponent(asset.name)) == Data(asset.bytes), "\(asset.name)")
    }
  }

  @Test("names hold the content's hash, and only whole paths are found")
  func paths() {
    for asset in Asset.all {
      #expect(asset.hash.count == 16)
      #expect(asset.path.contains(".\(asset.hash)."))
      #expect(Asset.at(path: asset.path) == asset)
    }
    #expect(Asset.at(path: "/assets/../base.css") == nil)
    #expect(Asset.at(path: "/assets/base.css") == nil)
  }

  @Test("the two dark blocks of the tokens agree")
  func tokens() throws {
    let css = String(decoding: Asset.base.bytes, as: UTF8.self)
    let blocks = css.matches(of: /(?:not\(\[data-theme="light"\]\)|\[data-theme="dark"\]) \{([^}]*)\}/).map { match in
      match.output.1.split(separator: ";").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }
    #expect(blocks.count == 2)
    #expect(blocks.first == blocks.last)
  }
}
