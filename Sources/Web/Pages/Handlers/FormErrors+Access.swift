import Engine

extension FormErrors {
  /// What keeps somebody out, beside the field it is about; `""` is the whole form.
  init(_ error: AccessError) {
    switch error {
    case .invalid(let fields):
      self = Dictionary(
        fields.map { ($0.name, FormRules.sentence($0.detail)) }, uniquingKeysWith: { first, _ in first })
    case .emailTaken: self = ["email": "There is an account with this address. Sign in instead."]
    case .tooManyAttempts(let seconds): self = ["": "Too many attempts. Try again in \(seconds) seconds."]
    default: self = ["": ProblemMapping.problem(error).detail]
    }
  }
}
