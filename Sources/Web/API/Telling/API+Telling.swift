import HTTPServer

extension API {
  /// Services, incidents, status pages, channels, notifications, live changes and public pages.
  func telling(_ call: Call) async throws -> Response { throw Problem.notFound }
}
