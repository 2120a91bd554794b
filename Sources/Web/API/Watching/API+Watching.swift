import Domain
import HTTPServer

extension API {
  /// Monitors, their results, metrics and uptime.
  func watching(_ call: Call) async throws -> Response {
    let request = try call.known()
    switch call.operation {
    case .listMonitors: return try await MonitorAPI.list(request, context)
    case .createMonitor: return try await MonitorAPI.create(request, context)
    case .showMonitor: return try await MonitorAPI.show(request, context)
    case .updateMonitor: return try await MonitorAPI.update(request, context)
    case .deleteMonitor: return try await MonitorAPI.delete(request, context)
    case .checkMonitor: return try await MonitorAPI.check(request, context)
    case .listResults: return try await ResultAPI.list(request, context)
    case .showMetrics: return try await ResultAPI.metrics(request, context)
    case .showUptime: return try await ResultAPI.uptime(request, context)
    case .accountSlots: return try await ResultAPI.slots(request, context)
    default: throw Problem.notFound
    }
  }
}
