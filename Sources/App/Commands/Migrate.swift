import Domain
import SQLite
import Store

extension Command {
  /// Brings the schema up to date without serving, for those who want to see it happen.
  static let migrate = Command(
    name: "migrate", usage: "", summary: "Brings the database's schema up to date and stops.",
    settings: [Setting("data", "DIR", standard: "data", help: "The folder of the database and the key.")],
    body: { arguments in
      let folder = try DataFolder(arguments["data"] ?? "data")
      do {
        let db = try Connection(path: folder.database, readOnly: false)
        let ran = try Migration.run(on: db, nowMs: World.system.now().ms)
        Console.line(
          ran.isEmpty ? "The schema is up to date." : "Ran step \(ran.map(String.init).joined(separator: ", ")).")
        return ExitCode.ok
      } catch let error as MigrationError {
        throw CommandFailure(code: ExitCode.badData, message: error.sentence)
      }
    })
}
