/// The name of an organization and its page in links.
public enum Slug {
  public static let bytesMax = 40

  /// Words that would read as a part of the product, or as somebody else's, in a link or a host name.
  static let reserved: Set<String> = [
    "about", "abuse", "account", "accounts", "admin", "administrator", "api", "app", "assets", "audit", "auth",
    "autodiscover", "badge", "billing", "blog", "cdn", "channels", "check", "contact", "dashboard", "demo", "dev",
    "docs", "download", "email", "events", "favicon", "feed", "ftp", "gallery", "health", "help", "home", "host",
    "imap", "incidents", "info", "internal", "invite", "join", "legal", "localhost", "login", "logout", "mail",
    "maintenance", "martlet", "me", "members", "metrics", "monitor", "monitors", "mx", "new", "news", "noc", "notify",
    "ns", "ns1", "ns2", "null", "oauth", "official", "ops", "organization", "page", "pop", "postmaster", "privacy",
    "public", "regions", "register", "reset", "robots", "root", "security", "services", "settings", "setup", "signin",
    "signup", "smtp", "ssl", "staff", "static", "status", "status-pages", "subscribe", "support", "system", "team",
    "terms", "test", "undefined", "user", "users", "webhook", "webmail", "webmaster", "well-known", "worker", "ws",
    "www",
  ]

  private static let plain: [Character: String] = [
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "å": "a", "á": "a", "à": "a",
    "â": "a", "ã": "a", "é": "e", "è": "e", "ê": "e", "ë": "e", "í": "i", "ì": "i", "î": "i", "ï": "i", "ó": "o",
    "ò": "o", "ô": "o", "õ": "o", "ú": "u", "ù": "u", "û": "u", "ç": "c", "ñ": "n", "ý": "y", "ł": "l", "ś": "s",
    "š": "s", "ž": "z", "ź": "z", "ż": "z", "č": "c", "ć": "c", "ř": "r", "đ": "d", "ğ": "g", "ı": "i", "ş": "s",
  ]

  /// Lower-case letters, digits and single dashes, as a host name takes them.
  static func from(_ name: String) -> String {
    var out = ""
    for character in name.lowercased() {
      let text = plain[character] ?? String(character)
      if text.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) }) {
        out += text
      } else if !out.isEmpty, out.last != "-", character != "'", character != "’" {
        out += "-"
      }
    }
    out = String(out.prefix(bytesMax))
    while out.last == "-" { out.removeLast() }
    return out.isEmpty ? "team" : out
  }

  /// Whether a person may choose this slug: of a slug's form, and no reserved word.
  public static func isAcceptable(_ text: String) -> Bool { from(text) == text && !reserved.contains(text) }

  /// The slug of `name`, or the first numbered one that is free.
  static func free(_ name: String, isTaken: (String) throws -> Bool) rethrows -> String {
    let base = from(name)
    if !reserved.contains(base), try !isTaken(base) { return base }
    var number = reserved.contains(base) ? 1 : 2
    while true {
      let suffix = "-\(number)"
      let candidate = base.prefix(bytesMax - suffix.utf8.count) + suffix
      if try !isTaken(String(candidate)) { return String(candidate) }
      number += 1
    }
  }
}
