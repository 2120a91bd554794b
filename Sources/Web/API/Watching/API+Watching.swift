import HTTPServer

extension API {
  /// Monitors, their results, metrics and uptime.
  func watching(_ call: Call) async throws -> Response { throw Problem.notFound }
}
