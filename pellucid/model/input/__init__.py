"""What a network takes, as its file tells: depth of pictures, what typical ones look like, which are unlike them."""
