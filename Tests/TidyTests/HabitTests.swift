import Testing

/// Files longer than the limit, each with its reason in the file's own comment. Keep it short.
private let longFiles: Set<String> = ["Sources/Web/Assets/Assets.generated.swift"]

/// Functions longer than a screen, as `path: first words`. Keep it short.
private let longFunctions: Set<String> = []

private struct Ban: Sendable {
  let pattern: String
  let reason: String
  /// Folders in which the call has its one place.
  var except: [String] = []
}

private let bans = [
  Ban(pattern: #"\bDate\(\)"#, reason: "time comes from the World"),
  Ban(pattern: #"\bUUID\(\)"#, reason: "ids come from the World"),
  Ban(pattern: #"\btry!"#, reason: "a thrown error is handled or passed on"),
  Ban(pattern: #"\bas!"#, reason: "a cast that can fail is asked, not forced"),
  Ban(pattern: #"(?<![.\w])(debugPrint|print|dump)\("#, reason: "printing belongs to App", except: ["Sources/App/"]),
  Ban(
    pattern: #"@unchecked\s+Sendable"#, reason: "only a wrapper of a C library may vouch for itself",
    except: ["Sources/Platform/"]),
]

@Test("a file has at most 400 lines", arguments: Tree.files.filter { $0.path.has(#"\.(swift|cpp|h|py|js)$"#) })
func length(of file: Tree.File) {
  if !longFiles.contains(file.path) && !file.isGenerated { #expect(file.lines <= 400) }
}

@Test("a function has at most 60 lines; straight-line wiring in App may be longer")
func functionLength() {
  for file in Tree.sources where !file.path.hasPrefix("Sources/App/") {
    for function in SwiftText(file.text).functions() where function.length > 60 {
      let name = "\(file.path): \(function.head.prefix { $0 != "(" })"
      #expect(longFunctions.contains(name), "\(name) at line \(function.line) has \(function.length) lines")
    }
  }
}

@Test("no banned call stands outside its one place")
func bannedCalls() {
  for file in Tree.sources {
    let code = SwiftText(file.text).text
    for ban in bans where !ban.except.contains(where: file.path.hasPrefix) {
      #expect(code.lines(with: ban.pattern) == [], "\(file.path): \(ban.reason)")
    }
  }
}

@Test("nothing is left for later")
func leftForLater() {
  let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"].joined(separator: "|")
  for file in Tree.files where file.path != "LICENSE" {
    #expect(file.text.lines(with: "\\b(\(words))\\b") == [], "\(file.path)")
  }
}

@Test("no file names a machine's path or a package registry")
func machines() {
  let words = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/[a-z]+/", "/Use" + "rs/", "index" + "-url", "find" + "-links"]
  let hosts = ["deb\\.deb" + "ian\\.org", "pythonh" + "osted", "proxy\\.gol" + "ang", "registry\\.n" + "pmjs"]
  let pattern = (words + hosts).joined(separator: "|")
  for file in Tree.files { #expect(file.text.lines(with: pattern) == [], "\(file.path)") }
}

@Test("no page carries an inline style, an inline script or an event attribute: the CSP would refuse them")
func inlineCode() {
  let patterns = [
    #"\sstyle=\\?["']"#, #"<style\b"#, #"\son[a-z]+=\\?["']"#, #"href=\\?["']javascript:"#,
    #"<script\b(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)"#,
  ]
  // Mail programs know no style sheet, and no policy of ours reaches them.
  for file in Tree.sources where file.path.has("^Sources/(Web|HTML)/(?!Mail/)") && !file.isGenerated {
    for pattern in patterns {
      #expect(file.text.lines(with: pattern) == [], "\(file.path): \(pattern)")
    }
  }
}

@Test("whether private targets are allowed is spelled in one query")
func privateTargets() {
  let asking = Tree.sources.filter { !$0.text.lines(with: #"private_targets\s*="#).isEmpty }
  #expect(asking.map(\.path) == ["Sources/Store/OrganizationQueries.swift"])
}

@Test("the README stays under 150 lines")
func readme() throws {
  #expect(try #require(Tree.file("README.md")).lines < 150)
}
