import Glibc
import Web

extension Command {
  /// Every page from its samples, with its assets, as files to look at.
  static let gallery = Command(
    name: "gallery", usage: "DIR", summary: "Writes every page, made from samples, into a folder.", settings: [],
    body: { arguments in
      guard arguments.words.count == 1, let folder = arguments.words.first else {
        throw UsageError(message: "one folder is needed: martlet gallery DIR")
      }
      for page in Gallery.all { try write(page.html().bytes, to: folder + "/" + page.path) }
      for asset in Asset.all { try write(asset.bytes, to: folder + asset.path) }
      Console.line("Wrote \(Gallery.all.count) pages to \(folder).")
      return ExitCode.ok
    })
}

private func write(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
  var at = path.startIndex
  while let slash = path[at...].firstIndex(of: "/") {
    if slash != path.startIndex { mkdir(String(path[..<slash]), 0o755) }
    at = path.index(after: slash)
  }
  guard let file = fopen(path, "w") else {
    throw CommandFailure(
      code: ExitCode.failure, message: "\(path) cannot be written: \(String(cString: strerror(errno))).")
  }
  let written = fwrite(bytes, 1, bytes.count, file)
  guard fclose(file) == 0, written == bytes.count else {
    throw CommandFailure(code: ExitCode.failure, message: "\(path) cannot be written in full. Is the disk full?")
  }
}
