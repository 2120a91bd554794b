// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// A Swift target of the product; `path` is given where the folder is not `Sources/<name>`.
func swift(
  _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil, exclude: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: strict)
}

func platform(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  swift(name, dependencies, path: "Sources/Platform/\(name)")
}

/// A Debian library: a module map and, where Swift cannot call a macro or a variadic, static inline functions.
func system(_ name: String, pkgConfig: String? = nil, apt: String? = nil) -> Target {
  .systemLibrary(
    name: name, path: "Sources/Platform/\(name)", pkgConfig: pkgConfig, providers: apt.map { [.apt([$0])] })
}

func tests(_ target: String, _ more: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(target)Tests", dependencies: [.byName(name: target), "TestSupport"] + more, swiftSettings: strict)
}

let package = Package(
  name: "martlet",
  products: [.executable(name: "martlet", targets: ["App"])],
  targets: [
    .executableTarget(
      name: "App",
      dependencies: [
        "Web", "Simulation", "Engine", "Worker", "Store", "Probe", "Notify", "Wire", "HTTPServer", "HTML", "SQLite",
        "Curl", "Sodium",
        "JSON", "Domain", "CLinux", "CTLSTarget",
      ],
      swiftSettings: strict),
    swift(
      "Web", ["Engine", "Store", "Wire", "SQLite", "HTML", "HTTPServer", "JSON", "Domain"], exclude: ["Assets/Files"]),
    swift("Simulation", ["Engine", "Worker", "Store", "Wire", "SQLite", "Probe", "Notify", "JSON", "Domain"]),
    swift("Engine", ["Store", "Wire", "SQLite", "Probe", "Notify", "Sodium", "JSON", "Domain", "CLinux"]),
    swift("Worker", ["Probe", "Wire", "Curl", "JSON", "Domain", "CLinux"]),
    swift("Store", ["Wire", "SQLite", "Sodium", "JSON", "Domain"]),
    swift("Probe", ["Curl", "RE2", "JSON", "Domain", "CLinux"]),
    swift("Notify", ["Curl", "HTML", "Sodium", "JSON", "Domain"]),
    swift("HTML"),
    swift("JSON"),
    swift("Wire", ["JSON", "Domain"]),
    .target(name: "Domain", swiftSettings: strict, linkerSettings: [.linkedLibrary("m")]),

    platform("HTTPServer", ["CBeast"]),
    platform("SQLite", ["CSQLite"]),
    platform("Curl", ["CCurl", "CAres", "CLinux"]),
    platform("Sodium", ["CSodium"]),
    platform("RE2", ["CRE2"]),

    .target(name: "CBeast", path: "Sources/Platform/CBeast", cxxSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra"])]),
    .target(
      name: "CRE2", path: "Sources/Platform/CRE2", cxxSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra"])],
      linkerSettings: [.linkedLibrary("re2")]),
    .target(
      name: "CTLSTarget", path: "Sources/Platform/CTLSTarget",
      linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    system("CAres", pkgConfig: "libcares", apt: "libc-ares-dev"),
    system("CSodium", pkgConfig: "libsodium", apt: "libsodium-dev"),
    system("CLinux"),

    .executableTarget(
      name: "ServerBench", dependencies: ["HTTPServer"], path: "Benchmarks/server/Sources/ServerBench",
      swiftSettings: strict),
    .executableTarget(
      name: "ProbeBench", dependencies: ["Probe", "Domain", "CLinux"], path: "Benchmarks/probe/Sources/ProbeBench",
      swiftSettings: strict),
    .executableTarget(name: "ServerBenchClient", path: "Benchmarks/server/Sources/ServerBenchClient"),

    .target(
      name: "TestSupport", dependencies: ["Store", "HTTPServer", "Domain", "CLinux"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("Domain"), tests("HTML"), tests("JSON"), tests("HTTPServer"), tests("SQLite"), tests("Sodium"),
    tests("Curl"), tests("Probe", ["Curl", "Domain", "JSON", "CLinux"]), tests("Store", ["SQLite", "Domain"]),
    tests("Engine", ["Store", "SQLite", "Probe", "Notify", "Domain"]), tests("Notify", ["JSON", "Domain"]),
    tests("Web", ["Engine", "Store", "SQLite", "HTML", "HTTPServer", "JSON", "Domain"]),
    tests("Simulation", ["Engine", "Worker", "Store", "SQLite", "Domain"]),
    tests("Wire", ["JSON", "Domain"]), tests("Worker", ["Wire", "Probe", "JSON", "Domain"]),
    .testTarget(name: "TidyTests", swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
