import Curl
import Domain
import JSON
import Wire

/// From a cluster or region token to a worker of one's own.
public enum Enroller {
  public struct Refused: Error, CustomStringConvertible {
    public let description: String
    /// Trying again later may help.
    public let mayPass: Bool
  }

  /// A new token in the place of `token`, which counts until the new one is used.
  public static func rotate(at url: WebURL, token: String, client: OutboundClient) async throws(Refused) -> String {
    let plane = ControlPlane(client: client, url: url, token: token)
    let answer: JSON
    do throws(ControlPlane.Failure) { answer = try await plane.post("token/", [], timeoutMs: 10_000) } catch {
      guard case .trouble(let trouble, let words) = error else { throw Refused(description: "\(error)", mayPass: true) }
      throw Refused(description: words, mayPass: trouble != .revoked)
    }
    guard let new = answer["api_token"]?.string, new.hasPrefix("mw_") else {
      throw Refused(description: "the answer holds no token", mayPass: true)
    }
    return new
  }

  public static func enroll(
    at url: WebURL, _ asked: Enrolment, client: OutboundClient
  ) async throws(Refused) -> Enrolled {
    let plane = ControlPlane(client: client, url: url, token: "none")
    do {
      return try Enrolled(try await plane.post("enroll/", asked.json.bytes, timeoutMs: 15_000))
    } catch let error as ControlPlane.Failure {
      guard case .trouble(let trouble, let words) = error else { throw Refused(description: "\(error)", mayPass: true) }
      throw Refused(description: words, mayPass: trouble == .away)
    } catch let error as WorkerMessage.Malformed {
      throw Refused(
        description: "the answer is not a control plane's: \(error.pointer) \(error.detail)", mayPass: false)
    } catch {
      throw Refused(description: "\(error)", mayPass: true)
    }
  }
}
