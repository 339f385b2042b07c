# Found by a small search on known seeds of the pictures.
candidates = [10 ** (-k / 2) for k in (2.5, 3, 4)]
best_learning_rate = max(
    candidates,
    key=lambda lr: late_accuracy(
        train_seeds(
            load_animal_faces("faces").train,
            Recipe(train_images=100, val_images=200, epochs=60, lr=lr, momentum=0.9),
            range(3),
        )
    ),
)
