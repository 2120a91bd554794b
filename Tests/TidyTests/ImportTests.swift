import Testing

/// Which modules the files of a target may import; arrows point down only. `docs/ARCHITECTURE.md` shows the same table.
let mayImport: [(target: String, modules: [String])] = [
  (
    "App",
    [
      "Web", "Simulation", "Engine", "Worker", "Store", "Probe", "Notify", "Wire", "HTML", "HTTPServer", "SQLite",
      "Curl", "Sodium",
      "JSON", "Domain", "CLinux", "CTLSTarget",
    ]
  ),
  ("Web", ["Engine", "Store", "Wire", "SQLite", "HTML", "HTTPServer", "JSON", "Domain"]),
  ("Simulation", ["Engine", "Worker", "Store", "Wire", "SQLite", "Probe", "Notify", "JSON", "Domain"]),
  ("Engine", ["Store", "Wire", "Probe", "Notify", "SQLite", "Sodium", "JSON", "Domain", "CLinux"]),
  ("Worker", ["Probe", "Wire", "Curl", "JSON", "Domain", "CLinux"]),
  ("Store", ["Wire", "SQLite", "Sodium", "JSON", "Domain"]),
  ("Probe", ["Curl", "RE2", "JSON", "Domain", "CLinux"]),
  ("Notify", ["Curl", "HTML", "Sodium", "JSON", "Domain"]),
  ("HTML", []),
  ("JSON", []),
  ("Wire", ["JSON", "Domain"]),
  ("Domain", []),
  ("HTTPServer", ["CBeast"]),
  ("SQLite", ["CSQLite"]),
  ("Curl", ["CCurl", "CAres", "CLinux"]),
  ("Sodium", ["CSodium"]),
  ("RE2", ["CRE2"]),
]

/// What comes with the compiler and the C library. Foundation is not among it: it costs start-up time and megabytes.
private let ambient: Set<String> = ["Swift", "Synchronization", "Glibc"]

@Test("each file imports only what its target may see", arguments: Tree.sources)
func imports(of file: Tree.File) throws {
  let row = try #require(mayImport.first { $0.target == file.target }, "a target without a row in the table")
  let allowed = ambient.union(row.modules)
  for line in SwiftText(file.text).text.split(separator: "\n") where String(line).has(importPattern) {
    let words = line.split(separator: " ")
    let module = words.last.map { $0.split(separator: ".")[0] } ?? ""
    #expect(allowed.contains(String(module)), "\(file.path) imports \(module)")
  }
}

@Test("only the engine, the store itself, the simulation and tests see how a tenant scope is minted")
func minting() {
  let allowed = ["Sources/Engine/", "Sources/Store/", "Sources/Simulation/", "Tests/"]
  for file in Tree.files where file.path.hasSuffix(".swift") && !allowed.contains(where: file.path.hasPrefix) {
    #expect(SwiftText(file.text).text.lines(with: #"@_spi\(Minting\)"#) == [], "\(file.path)")
  }
}

@Test("the drawing shows the same table of imports and names every folder of Sources, and no folder that is not there")
func drawing() throws {
  let page = try #require(Tree.file("docs/ARCHITECTURE.md")).text
  for (target, modules) in mayImport {
    let row = "| `\(target)` | \(modules.isEmpty ? "nothing" : modules.joined(separator: " ")) |"
    #expect(page.contains(row), "docs/ARCHITECTURE.md lacks the row: \(row)")
  }
  for folder in Tree.sourceFolders {
    #expect(
      page.contains("`\(folder)/`") || page.contains("`\(folder)`"), "docs/ARCHITECTURE.md does not name \(folder)")
  }
  for named in page.matches(of: /`Sources\/([A-Za-z\/]+)\/`/).map({ String($0.output.1) }) {
    #expect(
      Tree.sourceFolders.contains { $0 == named || $0.hasPrefix(named + "/") }, "Sources/\(named)/ does not exist")
  }
}

@Test("migrations are numbered as their files are, from 1, without a gap")
func migrations() throws {
  let steps = Tree.sources.filter { $0.path.has(#"^Sources/Store/Migrations/[0-9]{3}-"#) }
  try #require(!steps.isEmpty)
  for (index, step) in steps.enumerated() {
    let digits = "\(index + 1)"
    let padded = String(repeating: "0", count: 3 - digits.count) + digits
    #expect(step.path.hasPrefix("Sources/Store/Migrations/\(padded)-"), "\(step.path)")
    #expect(step.text.has("number: \(index + 1),"), "\(step.path) declares another number")
  }
}

private let importPattern = #"^\s*(@[A-Za-z_()]+\s+)*((public|internal|package|private|fileprivate)\s+)?import\s"#
