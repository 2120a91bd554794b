import HTTPServer

/// Headers that every answer carries; an answer that says something itself keeps its own.
enum SecurityHeaders {
  static func add(to response: inout Response, isSecure: Bool) {
    var wanted = [
      Header("x-content-type-options", "nosniff"), Header("referrer-policy", "same-origin"),
      Header("content-security-policy", PagePolicy.contentSecurityPolicy), Header("x-frame-options", "DENY"),
      Header("cross-origin-opener-policy", "same-origin"),
      Header("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
      Header("cache-control", "no-store"),
    ]
    if isSecure { wanted.append(Header("strict-transport-security", "max-age=31536000")) }
    for header in wanted where !response.headers.contains(where: { $0.name == header.name }) {
      response.headers.append(header)
    }
  }
}
