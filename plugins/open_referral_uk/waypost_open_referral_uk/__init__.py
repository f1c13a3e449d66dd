"""Open Referral UK: takes in what councils' directories of services publish."""
