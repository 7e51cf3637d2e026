def check_forms(check, attempt, equal): pass
