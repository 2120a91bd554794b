import CCurl
import Glibc

/// One message on its way to a mail server. Owned by the loop's thread; used once.
final class MailTransfer: Transfer {
  private let mail: OutboundMail
  private let done: (MailTransfer) -> Void
  private let url: UnsafeMutablePointer<CChar>
  private let recipients: UnsafeMutablePointer<curl_slist>?
  private var sent = 0

  init(client: TransferClient, mail: OutboundMail, done: @escaping (MailTransfer) -> Void) {
    self.mail = mail
    self.done = done
    let scheme = mail.server.security == .tls ? "smtps" : "smtp"
    url = strdup("\(scheme)://\(mail.server.hostInURL):\(mail.server.port)/\(mail.server.helloName)")
    var list: UnsafeMutablePointer<curl_slist>?
    for recipient in mail.to { list = curl_slist_append(list, "<\(recipient)>") }
    recipients = list
    super.init(client: client)
    configure()
  }

  deinit {
    free(url)
    curl_slist_free_all(recipients)
  }

  func begin(deadlineNs: UInt64, vet: @escaping (IPAddress) -> Bool) {
    begin(
      host: mail.server.host, port: mail.server.port, literal: mail.server.address,
      isTLS: mail.server.security == .tls, family: .any, deadlineNs: deadlineNs, vet: vet)
  }

  private func configure() {
    let me = Unmanaged.passUnretained(self).toOpaque()
    _ = ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    _ = ccurl_set_string(easy, CURLOPT_URL, url)
    _ = ccurl_set_string(easy, CURLOPT_MAIL_FROM, "<\(mail.from)>")
    _ = ccurl_set_list(easy, CURLOPT_MAIL_RCPT, recipients)
    _ = ccurl_set_long(easy, CURLOPT_UPLOAD, 1)
    _ = ccurl_set_data_function(easy, CURLOPT_READFUNCTION, messageWanted)
    _ = ccurl_set_pointer(easy, CURLOPT_READDATA, me)
    _ = ccurl_set_data_function(easy, CURLOPT_WRITEFUNCTION, answerDropped)
    let use =
      switch mail.server.security {
      case .none: CURLUSESSL_NONE
      case .startTLSIfOffered: CURLUSESSL_TRY
      case .startTLS, .tls: CURLUSESSL_ALL
      }
    _ = ccurl_set_long(easy, CURLOPT_USE_SSL, Int(use.rawValue))
    if let user = mail.server.user { _ = ccurl_set_string(easy, CURLOPT_USERNAME, user) }
    if let password = mail.server.password { _ = ccurl_set_string(easy, CURLOPT_PASSWORD, password) }
  }

  /// The server's last code, such as 250 or 550; 0 where none came.
  var replyCode: Int {
    var value = 0
    _ = ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &value)
    return value
  }

  override func beginAttempt() { sent = 0 }
  override func ended() { done(self) }

  fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, mail.message.count - sent)
    buffer.copyBytes(from: mail.message[sent..<(sent + count)])
    sent += count
    return count
  }
}

private func messageWanted(
  _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let buffer, let context else { return Int(CURL_READFUNC_ABORT) }
  return Unmanaged<MailTransfer>.fromOpaque(context).takeUnretainedValue()
    .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
}

private func answerDropped(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int { size * count }
