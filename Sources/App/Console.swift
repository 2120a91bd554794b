import Glibc

/// The only place that writes to the terminal: answers on stdout, progress and trouble on stderr.
enum Console {
  static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// Colour and movement: only for a terminal, and not against NO_COLOR.
  static let isColorful = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let n = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if n < 0 {
        if errno == EINTR { continue }
        return  // nobody listens any more
      }
      bytes = bytes.dropFirst(n)
    }
  }
}

/// Exit codes of sysexits.h and CONTRACTS.md.
enum ExitCode {
  static let ok: Int32 = 0
  static let failure: Int32 = 1
  static let usage: Int32 = 2
  static let down: Int32 = 3
  static let degraded: Int32 = 4
  static let badData: Int32 = 65
  static let ioError: Int32 = 74
  /// The control plane does not want this worker.
  static let refused: Int32 = 77
  static let badConfiguration: Int32 = 78
}

/// Ends a command: a sentence with a next step, and a code.
struct CommandFailure: Error {
  let code: Int32
  let message: String
}

/// Ends the process at once, without running anything at exit.
func leave(_ code: Int32) -> Never { _exit(code) }
