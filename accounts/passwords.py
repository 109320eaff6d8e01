"""What makes a password acceptable (NIST SP 800-63B-4): length, and not being guessable."""


class LengthByFactor:
    def validate(self, password, user=None): ...

    def get_help_text(self):
        return ""


class NotGuessable:
    def validate(self, password, user=None): ...

    def get_help_text(self):
        return ""
