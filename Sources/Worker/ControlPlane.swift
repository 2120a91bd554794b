import Curl
import Domain
import JSON
import Wire

/// The control plane as a worker reaches it: one address, one token, requests that are tried once.
struct ControlPlane: Sendable {
  let client: OutboundClient
  let url: WebURL
  let token: String

  enum Failure: Error {
    case trouble(WorkerCore.Trouble, String)
  }

  /// POSTs and reads the answer; a member that is not as it should be counts as trouble that passes.
  func post(_ path: String, _ body: [UInt8], timeoutMs: Int64) async throws(Failure) -> JSON {
    let target: WebURL
    do throws(WebURL.ParseError) {
      target = try WebURL(url.description.trimmedSlash + "/api/v1/worker/" + path)
    } catch { throw .trouble(.refused, error.description) }
    var request = OutboundRequest(
      url: target,
      headers: [("content-type", "application/json"), ("authorization", "Bearer \(token)"), ("user-agent", "Martlet")],
      body: body, timeoutMs: timeoutMs, bodyBytesMax: 64 << 20)
    request.reusesConnection = true
    let response: OutboundResponse
    do throws(TransferFailure) {
      // The operator named this address: where it leads is no stranger's choice.
      response = try await client.send(request) { _ in true }
    } catch { throw .trouble(.away, error.description) }
    let json = (try? JSON(parsing: response.body)) ?? .null
    switch response.status {
    case 200..<300: return json
    case 401 where json["code"]?.string == "worker_unknown": throw .trouble(.revoked, json["detail"]?.string ?? "401")
    case 400, 413, 422: throw .trouble(.refused, json["detail"]?.string ?? "HTTP \(response.status)")
    // With a code it is the control plane that says so; without one, something on the way that may be gone soon.
    case 401,
      403 where json["code"]?.string != nil:
      throw .trouble(.refused, json["detail"]?.string ?? "HTTP \(response.status)")
    default: throw .trouble(.away, "HTTP \(response.status)")
    }
  }
}

extension String {
  var trimmedSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
