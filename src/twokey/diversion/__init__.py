"""Who is the buyer: parties against lists, who owns whom, red flags, claims about training runs, duties to supply."""
