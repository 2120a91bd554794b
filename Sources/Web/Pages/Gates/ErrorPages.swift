import HTML

/// What is said when a page cannot be shown: one sentence, what it means, what next.
struct Refusal: Sendable {
  var status: Int
  var sentence: String
  var more: HTML
  /// Names the entry in the log.
  var reference: String?

  static let notFound = Refusal(
    status: 404, sentence: "There is nothing here.",
    more: "The address is wrong, or what it named is gone, or it is not yours to see.")
  static let forbidden = Refusal(
    status: 403, sentence: "Your role does not allow this.",
    more: "Members read; an owner or an admin can do it, or change your role.")
  static let crossSite = Refusal(
    status: 403, sentence: "This form came from another site.",
    more: "It was not carried out. Open the page here and send it again.")
  static let tooMany = Refusal(
    status: 429, sentence: "Too many requests.", more: "Wait a minute and try again. Nothing was changed.")
  static let unavailable = Refusal(
    status: 503, sentence: "Martlet is busy or stopping.",
    more: "Checks go on where they can. Try again in a few seconds.")

  /// Our own trouble, with the name of its log entry.
  static func ours(reference: String) -> Refusal {
    Refusal(
      status: 500, sentence: "Something in Martlet failed.",
      more: "That is our trouble and not that of anything it watches. What you sent may not have been saved.",
      reference: reference)
  }

  var body: HTML {
    """
    <div class="refusal"><p class="refusal-code">\(status)</p><h1>\(sentence)</h1><p>\(more)</p>\
    \(reference.map { "<p class=\"small quiet\">In the log as <code>\($0)</code></p>" as HTML })</div>
    """
  }
}

/// A refusal to somebody who is signed in, within the shell.
struct AppErrorPage: AppPage {
  var frame: AppFrame
  var refusal: Refusal
  var section: AppFrame.Section { .monitors }
  var title: String { refusal.sentence }
  var body: HTML { "\(refusal.body)<p><a href=\"\(Paths.monitors)\">All monitors</a></p>" }
}

/// A refusal to somebody who is not signed in.
struct GateErrorPage: GatePage {
  var refusal: Refusal
  var title: String { refusal.sentence }
  var body: HTML { refusal.body }
  var foot: HTML { "<a href=\"\(Paths.home)\">Start</a>" }
}

/// A refusal to a visitor of a public page.
struct PublicErrorPage: PublicPage {
  var frame: PublicFrame
  var refusal: Refusal
  var title: String { refusal.sentence }
  var state: State { .unknown }
  var body: HTML {
    """
    <div class="answer st-unknown">\(refusal.body)<p><a href="\(frame.paths.page)">Present state of <bdi>\(frame.name)</bdi></a></p></div>
    """
  }
}
