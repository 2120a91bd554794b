import CCurl
import Glibc

/// Why a transfer did not come to its end.
public struct TransferFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    case nameNotFound, nameFailed, addressForbidden, connectRefused, connectTimeout, unreachable, tlsHandshake,
      certificateExpired, certificateInvalid, hostnameMismatch, sendFailed, timeout, reset, protocolError, bodyTooLarge,
      cancelled
  }
  /// Where in its life the transfer stood.
  public enum Stage: Sendable { case dns, connect, tls, send, firstByte, transfer }

  public let kind: Kind
  public let stage: Stage
  /// One sentence, without secrets.
  public let description: String
  /// What a mail server answered, such as 550.
  public let replyCode: Int?

  init(_ kind: Kind, _ stage: Stage, _ description: String, replyCode: Int? = nil) {
    self.kind = kind
    self.stage = stage
    self.description = description
    self.replyCode = replyCode
  }

  /// The same of a mail transfer: what is not about the connection is the server's refusal.
  func fromMailServer(code: Int) -> TransferFailure {
    guard code >= 400 else { return self }
    let words = description.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? description
    return TransferFailure(kind, .transfer, "The mail server refused (\(code)): \(words)", replyCode: code)
  }
}

/// What libcurl knows of a transfer that failed, told apart into the kinds above.
struct CurlVerdict {
  var code: CURLcode
  var stage: TransferFailure.Stage
  var osError: Int32
  var verifyResult: Int
  /// libcurl's own words.
  var words: String
  /// Peer as shown: address and port.
  var peer: String

  var failure: TransferFailure {
    switch code {
    case CURLE_COULDNT_CONNECT: connectFailure
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: certificateFailure
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED:
      make(.tlsHandshake, .tls, "The TLS handshake failed: \(words)")
    case CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND: make(.sendFailed, .send, "The request could not be sent: \(words)")
    case CURLE_GOT_NOTHING: make(.reset, .firstByte, "\(peer) closed the connection without an answer.")
    case CURLE_PARTIAL_FILE: make(.reset, .transfer, "\(peer) closed the connection before the end: \(words)")
    case CURLE_RECV_ERROR: receiveFailure
    case CURLE_HTTP2_STREAM where words.contains("REFUSED") || words.contains("CANCEL"):
      make(.reset, stage, "\(peer) reset the HTTP/2 stream: \(words)")
    case CURLE_OPERATION_TIMEDOUT: TransferFailure.deadline(stage, peer: peer)
    default: make(.protocolError, stage, "The answer is not valid HTTP: \(words)")
    }
  }

  private func make(_ kind: TransferFailure.Kind, _ stage: TransferFailure.Stage, _ sentence: String) -> TransferFailure
  {
    TransferFailure(kind, stage, sentence.hasSuffix(".") ? sentence : "\(sentence).")
  }

  private var connectFailure: TransferFailure {
    switch osError {
    case ECONNREFUSED: make(.connectRefused, .connect, "\(peer) refused the connection.")
    case ETIMEDOUT: make(.connectTimeout, .connect, "\(peer) did not answer the connection in time.")
    case ECONNRESET: make(.reset, .connect, "\(peer) reset the connection.")
    case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL, EACCES, EPERM, EINVAL, EAFNOSUPPORT:
      make(.unreachable, .connect, "\(peer) cannot be reached: \(String(cString: strerror(osError)))")
    default: make(.unreachable, .connect, "No connection to \(peer): \(words)")
    }
  }

  private var certificateFailure: TransferFailure {
    // X509_V_ERR_CERT_NOT_YET_VALID 9, X509_V_ERR_CERT_HAS_EXPIRED 10, X509_V_ERR_HOSTNAME_MISMATCH 62, IP 64.
    // libcurl compares the name itself, after the chain held, and then leaves no code of OpenSSL's.
    switch verifyResult {
    case _ where words.contains("target host name"), 0, 62, 64:
      make(.hostnameMismatch, .tls, "The certificate is not for this host: \(words)")
    case 10: make(.certificateExpired, .tls, "The certificate has expired: \(words)")
    default: make(.certificateInvalid, .tls, "The certificate is not trusted: \(words)")
    }
  }

  private var receiveFailure: TransferFailure {
    if stage == .tls || stage == .connect { return make(.tlsHandshake, .tls, "The TLS handshake failed: \(words)") }
    // Chunks that cannot be read arrive under the same code, perhaps with the errno of what came after them.
    if words.contains("chunk") { return make(.protocolError, stage, "The answer is not valid HTTP: \(words)") }
    if osError == ECONNRESET || words.contains("reset") || words.contains("unexpected eof") {
      return make(.reset, stage, "\(peer) reset the connection.")
    }
    return make(.protocolError, stage, "The answer is not valid HTTP: \(words)")
  }
}

extension TransferFailure {
  static func deadline(_ stage: Stage, peer: String) -> TransferFailure {
    switch stage {
    case .dns: TransferFailure(.nameFailed, .dns, "The DNS lookup did not end before the deadline.")
    case .connect:
      TransferFailure(.connectTimeout, .connect, "\(peer) did not accept the connection before the deadline.")
    case .tls: TransferFailure(.timeout, .tls, "The TLS handshake did not end before the deadline.")
    case .send, .firstByte: TransferFailure(.timeout, .firstByte, "No answer came before the deadline.")
    case .transfer: TransferFailure(.timeout, .transfer, "The answer did not end before the deadline.")
    }
  }
}
