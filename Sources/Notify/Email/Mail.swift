import Curl
import Domain
import HTML
import Sodium

/// Addresses as a person types them; whether one takes mail is for its server to say.
public enum MailAddress {
  /// `local@host`, visible ASCII without quotes, brackets or commas, at most 254 bytes (RFC 5321).
  public static func isPlausible(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard text.utf8.count <= 254, parts.count == 2, (1...64).contains(parts[0].utf8.count), !parts[1].isEmpty else {
      return false
    }
    let forbidden: Set<Character> = ["\"", "<", ">", "(", ")", ",", ";", ":", "\\", "[", "]"]
    return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !text.contains(where: forbidden.contains)
      && !parts[1].hasPrefix(".") && !parts[1].hasSuffix(".") && !parts[1].contains("..")
  }
}

/// Messages of RFC 5322 with a text and an HTML part.
public enum Mail {
  /// `id` makes the Message-ID, so that a mail sent twice is one mail to its reader.
  public static func compose(
    _ letter: Letter, from: String, to: [String], id: String, at: Instant, server: MailServer
  ) -> OutboundMail {
    let host = from.split(separator: "@").last.map(String.init) ?? "localhost"
    let boundary = "=_" + Base32.encode(Array(Sodium.sha256(Array(id.utf8)).prefix(15)))
    let headers = [
      "From: Martlet <\(from)>", "To: \(to.joined(separator: ",\r\n "))", "Subject: \(encodedWords(letter.subject))",
      "Date: \(date(at))", "Message-ID: <\(id)@\(host)>", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
      "Content-Type: multipart/alternative; boundary=\"\(boundary)\"",
    ]
    let parts = [("text/plain", Array(letter.text.utf8)), ("text/html", letter.html.bytes)].map { type, bytes in
      "--\(boundary)\r\nContent-Type: \(type); charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + wrapped(Sodium.base64(bytes)) + "\r\n"
    }
    let message = headers.joined(separator: "\r\n") + "\r\n\r\n" + parts.joined() + "--\(boundary)--\r\n"
    return OutboundMail(server: server, from: from, to: to, message: Array(message.utf8))
  }

  /// RFC 2047 words where the text is not plain ASCII; folded so that no line passes 76 characters.
  static func encodedWords(_ text: String) -> String {
    let clean = String(text.map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? " " : $0 })
    if clean.utf8.allSatisfy({ $0 < 0x7F }), clean.utf8.count <= 60, !clean.contains("=?") { return clean }
    var words: [String] = []
    var piece: [UInt8] = []
    for character in clean {
      let bytes = Array(character.utf8)
      if piece.count + bytes.count > 42, !piece.isEmpty {
        words.append("=?utf-8?B?\(Sodium.base64(piece))?=")
        piece = []
      }
      piece += bytes
    }
    if !piece.isEmpty { words.append("=?utf-8?B?\(Sodium.base64(piece))?=") }
    return words.joined(separator: "\r\n ")
  }

  private static func wrapped(_ base64: String) -> String {
    var lines: [Substring] = []
    var rest = base64[...]
    while !rest.isEmpty {
      lines.append(rest.prefix(76))
      rest = rest.dropFirst(76)
    }
    return lines.joined(separator: "\r\n")
  }

  /// RFC 5322 section 3.3, in UTC.
  static func date(_ at: Instant) -> String {
    let c = CivilTime(at)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return
      "\(days[c.weekday]), \(c.day) \(months[c.month - 1]) \(c.year) \(two(c.hour)):\(two(c.minute)):\(two(c.second)) +0000"
  }
}
