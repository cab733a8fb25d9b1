"""The board as a web page: views are plain functions from tables to HTML, Gradio is the skin around them."""
