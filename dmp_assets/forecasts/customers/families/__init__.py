"""The model families of the customer predictions: each fits to text and predicts from that text, without refitting."""
