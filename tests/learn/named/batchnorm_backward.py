# --- exchanged
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    b = dy.sum(0)
    g = (dy * x_hat).sum(0)
    return gamma / sigma * (dy - b / M - x_hat * g / M), b, g


# --- added-to-dy
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    b = dy.sum(0)
    g = (dy * x_hat).sum(0)
    return gamma / sigma * (dy + b / M + x_hat * g / M), g, b


# --- counts-all
def backward(dy, x_hat, sigma, gamma):
    M = dy.size
    b = dy.sum(0)
    g = (dy * x_hat).sum(0)
    return gamma / sigma * (dy - b / M - x_hat * g / M), g, b


# --- both-taken-as-constants
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma / sigma * dy
    return dx, dgamma, dbeta


# --- not-divided-by-m
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma / sigma * (dy - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta


# --- gamma-forgotten
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = (dy - dbeta / M - x_hat * dgamma / M) / sigma
    return dx, dgamma, dbeta


# --- sigma-forgotten
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma * (dy - dbeta / M - x_hat * dgamma / M)
    return dx, dgamma, dbeta


# --- gradients-are-means
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.mean(0)
    dgamma = (dy * x_hat).mean(0)
    dx = gamma / sigma * (dy - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta


# --- x-hat-forgotten
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma / sigma * (dy - dbeta / M - dgamma / M)
    return dx, dgamma, dbeta


# --- mean-taken-as-constant
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma / sigma * (dy - x_hat * dgamma / M)
    return dx, dgamma, dbeta


# --- variance-taken-as-constant
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma / sigma * (dy - dbeta / M)
    return dx, dgamma, dbeta


# --- sigma-squared
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma / sigma**2 * (dy - dbeta / M - x_hat * dgamma / M)
    return dx, dgamma, dbeta


# --- root-of-sigma
import numpy as np


def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dbeta = dy.sum(0)
    dgamma = (dy * x_hat).sum(0)
    dx = gamma / np.sqrt(sigma) * (dy - dbeta / M - x_hat * dgamma / M)
    return dx, dgamma, dbeta
