import HTML

/// A page before the door: one question, nothing around it.
protocol GatePage: Sendable {
  var title: String { get }
  /// The heading, the form and the links under it.
  var body: HTML { get }
  var foot: HTML { get }
}

extension GatePage {
  var foot: HTML { HTML() }

  /// The whole document.
  func render() -> HTML {
    Document(
      title: "\(title) · Martlet", sheets: [.base, .app], bodyClass: "gate-page",
      body: """
        <div class="gate"><main id="main" tabindex="-1">\(Icon.mark)\(body)</main><footer>\(foot)</footer></div>
        """
    ).html
  }
}
