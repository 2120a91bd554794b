import Foundation
import FoundationXML
import HTML
import Testing

@testable import Web

@Suite("Every page of the gallery")
struct PagesGalleryTests {
  private static let pages = Gallery.all.filter { $0.path.hasSuffix(".html") && !$0.path.hasPrefix("mail-") }

  @Test("has a file of its own")
  func paths() { #expect(Set(Gallery.all.map(\.path)).count == Gallery.all.count) }

  @Test(
    "keeps to the content security policy: no inline style, no inline script, nothing from outside",
    arguments: pages.map(\.path))
  func policy(path: String) throws {
    let html = try #require(Self.pages.first { $0.path == path }).html().string
    #expect(!html.contains(" style="))
    #expect(!html.contains("<style"))
    #expect(html.firstMatch(of: /<[a-z][^<>]*\son[a-z]+\s*=/) == nil)
    for script in html.matches(of: /<script[^>]*>/) { #expect(script.output.contains("src=\"/assets/live.")) }
    for link in html.matches(of: /(?:src|<link [^>]*href)="([^"]*)"/) {
      #expect(link.output.1.hasPrefix("/"), "\(path) loads \(link.output.1)")
    }
  }

  @Test("has unique ids, one h1, a main, and a drawing for each reference", arguments: pages.map(\.path))
  func structure(path: String) throws {
    let html = try #require(Self.pages.first { $0.path == path }).html().string
    let ids = html.matches(of: /\sid="([^"]*)"/).map { String($0.output.1) }
    #expect(
      Set(ids).count == ids.count,
      "\(path) repeats \(Dictionary(grouping: ids, by: { $0 }).filter { $0.value.count > 1 }.keys)")
    #expect(html.matches(of: /<h1[ >]/).count == 1)
    #expect(html.contains("<main "))
    for use in html.matches(of: /<use href="#([a-z-]+)"/) { #expect(html.contains("<symbol id=\"\(use.output.1)\"")) }
    for label in html.matches(of: /<label for="([^"]*)"/) { #expect(ids.contains(String(label.output.1))) }
    for described in html.matches(of: /aria-(?:describedby|labelledby)="([^"]*)"/) {
      for id in described.output.1.split(separator: " ") { #expect(ids.contains(String(id)), "\(path): \(id)") }
    }
  }

  @Test("every live part has an id")
  func liveParts() {
    for page in Self.pages {
      for part in page.html().string.matches(of: /<[a-z]+ [^>]*data-live-part[^>]*>/) {
        #expect(part.output.contains(" id=\""), "\(page.path): \(part.output)")
      }
    }
  }

  @Test("names written by people stay text")
  func escaping() {
    let html = Sample.monitorList.render().string
    #expect(html.contains("&lt;em&gt;not markup&lt;/em&gt;"))
    #expect(!html.contains("<em>not markup"))
    #expect(!html.contains("<img"))
  }

  @Test("posts forms plainly: every form has an action here and only known methods")
  func forms() {
    for page in Self.pages {
      for form in page.html().string.matches(of: /<form [^>]*>/) {
        #expect(form.output.contains("action=\"/"), "\(page.path)")
        #expect(form.output.contains("method=\"post\"") || form.output.contains("method=\"get\""))
        #expect(!form.output.contains("enctype"))
      }
    }
  }

  @Test(
    "the feed is well-formed XML and so are the badges",
    arguments: Gallery.all.map(\.path).filter { !$0.hasSuffix(".html") })
  func xml(path: String) throws {
    let entry = try #require(Gallery.all.first { $0.path == path })
    let parser = XMLParser(data: Data(entry.html().bytes))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
  }

  @Test(
    "can be written to a folder, to be looked at",
    .enabled(if: ProcessInfo.processInfo.environment["MARTLET_GALLERY"] != nil, "MARTLET_GALLERY names no folder"))
  func write() throws {
    let folder = URL(fileURLWithPath: try #require(ProcessInfo.processInfo.environment["MARTLET_GALLERY"]))
    for page in Gallery.all { try put(page.html().bytes, folder.appendingPathComponent(page.path)) }
    for asset in Asset.all { try put(asset.bytes, folder.appendingPathComponent(String(asset.path.dropFirst()))) }
  }

  private func put(_ bytes: [UInt8], _ file: URL) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }
}
