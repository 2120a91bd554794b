/// Which pages of a browser may open a live connection: those of this server, whatever name it was reached by.
enum OriginRule {
  /// `origin` is absent for everything that is no browser. `base` is the configured address of the installation.
  static func allows(origin: String?, host: String?, base: String?) -> Bool {
    guard let origin else { return true }
    guard let asked = authority(ofURL: origin) else { return false }
    if let host, asked == normalized(host[...], isTLS: origin.hasPrefix("https:")) { return true }
    return base.flatMap(authority(ofURL:)) == asked
  }

  /// `host:port` in lower case, the scheme's own port written out; nil for what is no web origin (`null`).
  private static func authority(ofURL text: String) -> String? {
    let lower = text.lowercased()
    guard let isTLS = lower.hasPrefix("https://") ? true : lower.hasPrefix("http://") ? false : nil else { return nil }
    let rest = lower.dropFirst(isTLS ? 8 : 7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !rest.isEmpty, !rest.contains("@") else { return nil }
    return normalized(rest, isTLS: isTLS)
  }

  private static func normalized(_ host: Substring, isTLS: Bool) -> String {
    let lower = host.lowercased()
    let afterBracket = lower.lastIndex(of: "]").map { lower[$0...] } ?? lower[...]
    return afterBracket.contains(":") ? lower : "\(lower):\(isTLS ? 443 : 80)"
  }
}
