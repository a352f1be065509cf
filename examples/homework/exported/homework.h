/*
 * Homework: one step of gradient descent on f
 *
 * Forward and backward pass in C11, each line beside its formula, by symbackprop.
 * The gradients are checked by central differences:
 *     gcc -std=c11 -O2 -DHOMEWORK_MAIN homework.c -lm -o homework && ./homework
 *
 * Conventions:
 *     derivatives          ∂f/∂s
 *     shape of a gradient  that of its parameter
 *     delta of a node z    ∂f/∂z
 */

#ifndef HOMEWORK_H
#define HOMEWORK_H

/* What is given. */
struct homework_given {
    double x_0, x_1, x_2;              // inputs
    double theta_0, theta_1, theta_2;  // parameters
};

/* The values of the forward pass. */
struct homework_values {
    double s, f;
};

/* The deltas. */
struct homework_deltas {
    double delta_s;
};

/* The gradients of f, by the names of what they are by. */
struct homework_gradients {
    double theta_0, theta_1, theta_2;
};

/* The forward pass. */
void homework_forward(const struct homework_given *given, struct homework_values *values);

/* The backward pass; it reads what the forward pass has found. */
void homework_backward(
    const struct homework_given *given, const struct homework_values *values,
    struct homework_deltas *deltas, struct homework_gradients *gradients);

#endif
